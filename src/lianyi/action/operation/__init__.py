"""Daily operation of groups: rules that members agreed to, welcomes, moderation, SOPs, sign-up chains."""
