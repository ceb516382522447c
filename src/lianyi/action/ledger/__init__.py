"""The ledger's own words: the price book that the brand keeps, and costs that people enter."""
