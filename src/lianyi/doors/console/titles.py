"""Words for what code calls by short names: kinds of jobs, acts in the audit log, states."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text

JOBS: Mapping[str, Text] = {
    "check": _("Checking a file"),
    "import": _("Importing a file"),
    "refresh": _("Refreshing tables"),
    "erase": _("Erasing a person"),
    "plan": _("Planning a ripple"),
}
JOB_STATES: Mapping[str, Text] = {
    "waiting": _("Waiting"),
    "running": _("Running"),
    "done": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
LEVELS: Mapping[str, Text] = {
    "none": _("has not bought"),
    "low": _("low consumption"),
    "mid": _("medium consumption"),
    "high": _("high consumption"),
    "top": _("top consumption"),
}
STRENGTHS: Mapping[str, Text] = {
    "strong": _("account"),
    "contact": _("contact"),
    "device": _("device"),
    "name": _("display name"),
}
LEFT_OUT: Mapping[str, Text] = {
    "forbidden": _("left out: named as not to be asked"),
    "staff": _("left out: employees"),
    "source": _("left out: not among those who may be asked"),
    "complained": _("left out: complained or unfollowed"),
    "refused": _("left out: refused a consent"),
    "consent": _("left out: gave no consent"),
    "away": _("left out: no life lately"),
}
TAG_SOURCES: Mapping[str, Text] = {
    "rule": _("by a rule"),
    "keyword": _("by what they say"),
    "compound": _("by a combination of tags"),
    "preference": _("by what they like"),
    "manual": _("by hand"),
}
ACTS: Mapping[str, Text] = {
    "policy.apply": _("changed the contact policy"),
    "contacts.pause": _("paused sending"),
    "contacts.go_on": _("let sending go on"),
    "contacts.confirm": _("let held contacts go"),
    "contacts.cancel": _("cancelled contacts"),
    "contacts.resolve": _("said what became of contacts"),
    "suppression.add": _("added to the suppression list"),
    "suppression.remove": _("took off the suppression list"),
    "consent.say": _("took down a consent"),
    "sign_in": _("signed in"),
    "content.make": _("wrote a content"),
    "content.edit": _("changed a content"),
    "content.archive": _("put a content away"),
    "picture.add": _("added a picture"),
    "codes.issue": _("gave codes out"),
    "codes.retire": _("retired a code"),
    "codes.export": _("exported codes"),
    "landing.save": _("changed the page of a campaign"),
    "reward.start": _("started a reward rule"),
    "reward.settle": _("settled rewards"),
    "control.set": _("set the global control group"),
    "reward.pay": _("paid rewards"),
    "report.schedule": _("set who gets the monthly report"),
    "report.send": _("had a monthly report sent"),
    "report.again": _("had a monthly report tried again"),
    "reward.close": _("closed a reward rule"),
    "offer.publish": _("published an offer"),
    "offer.plan": _("worked out an offer"),
    "offer.issue": _("issued an offer"),
    "offer.close": _("closed an offer"),
    "stages.apply": _("changed the rules of stages"),
    "draw.publish": _("published a draw"),
    "draw.close": _("closed the entries of a draw"),
    "draw.draw": _("drew lots"),
    "sign_in.locked": _("was kept from signing in"),
    "team.first_run": _("made the first owner"),
    "team.invite": _("invited a member"),
    "team.joined": _("joined"),
    "team.link": _("gave out a new link"),
    "team.change": _("changed a member"),
    "team.password": _("changed the password"),
    "brand.edit": _("changed brand settings"),
    "keys.create": _("created a write key"),
    "keys.revoke": _("revoked a write key"),
    "tokens.create": _("created an API token"),
    "tokens.revoke": _("revoked an API token"),
    "people.export": _("exported people"),
    "community.rename": _("named a community"),
    "community.place": _("placed a community"),
    "community.declare": _("declared a community"),
    "person.tag": _("tagged a person"),
    "person.untag": _("took a tag back"),
    "person.note": _("wrote a note"),
    "person.merge": _("merged people"),
    "person.split": _("split a person"),
    "person.export": _("exported a person"),
    "person.erase": _("erased a person"),
    "import.upload": _("uploaded a file"),
    "import.run": _("imported a file"),
    "import.rejects": _("downloaded rejected rows"),
    "import.discard": _("discarded an uploaded file"),
    "data.refresh": _("refreshed tables"),
    "job.cancel": _("cancelled work"),
    "tags.save": _("saved a tag rule"),
    "tags.remove": _("removed a tag rule"),
    "plan.make": _("planned a ripple"),
    "plan.start": _("started a campaign"),
    "plan.close": _("closed a campaign"),
    "channel.add": _("set up a channel"),
    "channel.change": _("changed a channel"),
    "channel.on": _("turned a channel on"),
    "channel.off": _("turned a channel off"),
    "channel.remove": _("removed a channel"),
    "channel.check": _("checked a channel"),
    "channel.test": _("sent a test message"),
    "connector.check": _("checked a way in"),
    "channel.rotate": _("took a new key for secrets"),
    "audience.define": _("defined an audience"),
    "audience.change": _("changed an audience"),
    "audience.gather": _("made a list of people"),
    "audience.put": _("put people into a list or took them out"),
    "audience.freeze": _("kept an audience as a list"),
    "audience.archive": _("archived an audience"),
    "audience.restore": _("followed an audience again"),
    "audience.remove": _("removed an audience"),
    "audience.export": _("exported an audience"),
    "audience.match": _("took a match file for an advertising platform"),
}
CHANGES: Mapping[str, Text] = {
    "event": _("something that happened"),
    "time": _("time alone"),
    "recount": _("a refresh of the tables"),
    "version": _("another condition"),
    "hand": _("somebody's hand"),
}

BANDS: Mapping[str, Text] = {"strong": _("strong tie"), "medium": _("medium tie"), "weak": _("weak tie")}
TRENDS: Mapping[str, Text] = {
    "new": _("new tie"),
    "warming": _("warming"),
    "steady": _("steady"),
    "cooling": _("cooling"),
}
OPPORTUNITIES: Mapping[str, Text] = {
    "warming": _("Warming tie"),
    "introduction": _("Introduction"),
    "first_purchase": _("First purchase"),
}
CHANNEL_STATES: Mapping[str, Text] = {
    "new": _("not tried yet"),
    "working": _("works"),
    "failing": _("fails"),
    "off": _("turned off"),
}
CHANNEL_STEPS: Mapping[str, Text] = {
    "dns": _("Name"),
    "connection": _("Connection"),
    "tls": _("Encryption"),
    "login": _("Login"),
    "sender": _("Sender"),
    "mailbox": _("Mailbox of bounces"),
    "guard": _("Address"),
    "settings": _("Settings"),
    "time": _("Time"),
    "callback": _("Callbacks"),
    "callback_url": _("Callback address"),
    "clock": _("Clock"),
    "app": _("App"),
    "range": _("Visible range"),
    "domain": _("Domain"),
    "mass": _("Mass messages"),
    "groups": _("Customer groups"),
    "homeserver": _("Homeserver"),
    "rooms": _("Rooms"),
    "reading": _("Reading"),
    "keys": _("Write keys"),
    "public_url": _("Public address"),
    "worker": _("Worker"),
    "disk": _("Disk"),
    "rows": _("Rejected rows"),
    "import": _("Last import"),
}

# Purposes of consents that everybody knows; others go by the brand's own names.
PURPOSES: Mapping[str, Text] = {
    "": _("everything"),
    "marketing": _("offers and news"),
    "service": _("service"),
    "personalisation": _("offers chosen for you personally"),
}
