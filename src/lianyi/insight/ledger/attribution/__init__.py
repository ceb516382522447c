"""Attribution: how the value of orders is divided among what touched their buyers, by seven models side by side."""
