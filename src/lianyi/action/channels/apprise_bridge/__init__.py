"""A bridge to the services that the library Apprise knows: Slack, Bark, PushDeer, DingTalk, Feishu, ntfy …"""
