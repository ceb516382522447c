"""Who a person is and what they did, one row per person: table `profiles`, which `people` adds the tags to."""
