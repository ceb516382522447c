"""All addresses of the console."""

from __future__ import annotations

from django.urls import include, path

from lianyi.doors.console.pages import (
    account,
    components,
    connectors,
    data,
    demand,
    errors,
    forecasts,
    influence,
    jobs,
    lookalikes,
    next_best,
    signing,
    touches,
)
from lianyi.doors.console.pages.audiences import views as audiences
from lianyi.doors.console.pages.campaigns import views as campaigns
from lianyi.doors.console.pages.codes import views as codes
from lianyi.doors.console.pages.communities import views as communities
from lianyi.doors.console.pages.contacts import person as person_contacts
from lianyi.doors.console.pages.contacts import policy, suppression, unsubscribe
from lianyi.doors.console.pages.contacts import views as contacts
from lianyi.doors.console.pages.content import views as content
from lianyi.doors.console.pages.experiments import views as experiments
from lianyi.doors.console.pages.groups import views as groups
from lianyi.doors.console.pages.imports import views as imports
from lianyi.doors.console.pages.inbox import duty as inbox_duty
from lianyi.doors.console.pages.inbox import views as inbox
from lianyi.doors.console.pages.journeys import trying as journey_trying
from lianyi.doors.console.pages.journeys import views as journeys
from lianyi.doors.console.pages.ledger import attribution as ledger_attribution
from lianyi.doors.console.pages.ledger import book as ledger_book
from lianyi.doors.console.pages.ledger import returns as ledger_returns
from lianyi.doors.console.pages.ledger import views as ledger
from lianyi.doors.console.pages.listening import views as listening
from lianyi.doors.console.pages.offers import views as offers
from lianyi.doors.console.pages.operation import signups as operation_signups
from lianyi.doors.console.pages.operation import sops as operation_sops
from lianyi.doors.console.pages.operation import views as operation
from lianyi.doors.console.pages.overview.views import overview
from lianyi.doors.console.pages.people import views as people
from lianyi.doors.console.pages.person import by_right, merging
from lianyi.doors.console.pages.person import views as person
from lianyi.doors.console.pages.picture import views as picture
from lianyi.doors.console.pages.planner import views as planner
from lianyi.doors.console.pages.report import views as report
from lianyi.doors.console.pages.rewards import views as rewards
from lianyi.doors.console.pages.ripples import views as ripples
from lianyi.doors.console.pages.settings import asking, brand, channels, keys, team
from lianyi.doors.console.pages.tags import views as tags
from lianyi.doors.console.pages.ties import views as ties
from lianyi.doors.console.pages.value import rules as stage_rules
from lianyi.doors.console.pages.value import views as value

urlpatterns = [
    path("", overview, name="overview"),
    path("start", signing.first_run, name="first_run"),
    path("login", signing.login, name="login"),
    path("logout", signing.logout, name="logout"),
    path("join/<int:user_id>/<str:token>", signing.join, name="join"),
    path("account", account.account, name="account"),
    path("account/theme", account.theme, name="theme"),
    path("language", account.set_language, name="set_language"),
    path("components", components.components, name="components"),
    path("people", people.people, name="people"),
    path("people/export", people.export, name="people_export"),
    path("people/suggestions", merging.suggestions, name="suggestions"),
    path("people/<str:person_id>", person.person, name="person"),
    path("people/<str:person_id>/timeline", person.timeline, name="timeline"),
    path("people/<str:person_id>/tags", person.tag, name="tag_person"),
    path("people/<str:person_id>/notes", person.note, name="note"),
    path("people/<str:person_id>/merge", merging.merge, name="merge"),
    path("people/<str:person_id>/split", merging.split, name="split"),
    path("people/<str:person_id>/export", by_right.export, name="person_export"),
    path("people/<str:person_id>/erase", by_right.erase, name="erase"),
    path("people/<str:person_id>/consents", person_contacts.consent, name="person_consent"),
    path("people/<str:person_id>/ties", ties.person, name="person_ties"),
    path("ties", ties.opportunities, name="ties"),
    path("audiences", audiences.audiences, name="audiences"),
    path("audiences/new", audiences.build, name="audience_new"),
    path("audiences/gather", audiences.gather, name="audience_gather"),
    path("audiences/edit", audiences.edit, name="audience_edit"),
    path("audiences/check", audiences.check, name="audience_check"),
    path("audiences/<int:audience_id>", audiences.audience, name="audience"),
    path("audiences/<int:audience_id>/build", audiences.build, name="audience_build"),
    path("audiences/<int:audience_id>/act", audiences.act, name="audience_act"),
    path("audiences/<int:audience_id>/people", audiences.put, name="audience_put"),
    path("audiences/<int:audience_id>/export", audiences.export, name="audience_export"),
    path("audiences/<int:audience_id>/match", audiences.match, name="audience_match"),
    path("communities", communities.communities, name="communities"),
    path("communities/<str:community_id>", communities.community, name="community"),
    path("communities/<str:community_id>/say", communities.say, name="community_say"),
    path("groups", groups.groups, name="groups"),
    path("groups/<path:group_key>/conversation", groups.conversation, name="group_conversation"),
    path("groups/<path:group_key>", groups.group, name="group"),
    path("listening", listening.listening, name="listening"),
    path("listening/burst", listening.burst, name="listening_burst"),
    path("listening/draft", listening.draft, name="listening_draft"),
    path("listening/topic", listening.topic, name="listening_topic"),
    path("contacts", contacts.contacts, name="contacts"),
    path("contacts/act", contacts.act, name="contacts_act"),
    path("contacts/pause", contacts.pause, name="contacts_pause"),
    path("calendar", contacts.calendar, name="contacts_calendar"),
    path("policy", policy.policy, name="policy"),
    path("policy/edit", policy.edit, name="policy_edit"),
    path("policy/check", policy.check, name="policy_check"),
    path("policy/versions/<int:number>", policy.version, name="policy_version"),
    path("suppression", suppression.suppression, name="suppression"),
    path("suppression/add", suppression.add, name="suppression_add"),
    path("suppression/remove", suppression.remove, name="suppression_remove"),
    path("unsubscribe/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("tags", tags.tags, name="tags"),
    path("tags/words", tags.words, name="rule_words"),
    path("tags/check", tags.check, name="rule_check"),
    path("tags/new", tags.rule, name="rule_new"),
    path("tags/rules/<str:tag>", tags.rule, name="rule"),
    path("tags/rules/<str:tag>/turn", tags.turn, name="rule_turn"),
    path("planner", planner.planner, name="planner"),
    path("planner/new", planner.make, name="plan_make"),
    path("planner/<int:plan_id>", planner.plan, name="plan"),
    path("planner/<int:plan_id>/start", planner.start, name="plan_start"),
    path("planner/<int:plan_id>/close", planner.close, name="plan_close"),
    path("content", content.library, name="content_library"),
    path("content/new/<str:kind>", content.new, name="content_new"),
    path("content/blocks", content.blocks, name="content_blocks"),
    path("content/check", content.check, name="content_check"),
    path("content/preview", content.preview, name="content_preview"),
    path("content/pictures", content.picture, name="content_pictures"),
    path("content/<int:content_id>", content.content, name="content"),
    path("content/<int:content_id>/archive", content.archive, name="content_archive"),
    path("codes", codes.codes, name="codes"),
    path("codes/new", codes.issue, name="codes_issue"),
    path("codes/export", codes.export, name="codes_export"),
    path("codes/wecom", codes.wecom, name="codes_wecom"),
    path("codes/page", codes.save_landing, name="landing_save"),
    path("codes/<str:token>", codes.code, name="code"),
    path("codes/<str:token>/qr", codes.qr, name="code_qr"),
    path("codes/<str:token>/poster", codes.poster, name="code_poster"),
    path("codes/<str:token>/retire", codes.retire, name="code_retire"),
    path("touches", touches.touches, name="touches"),
    path("experiments", experiments.experiments, name="experiments"),
    path("experiments/control", experiments.control_group, name="experiments_control"),
    path("experiments/plan", experiments.plan, name="experiment_plan"),
    path("experiments/<str:kind>/<path:name>", experiments.experiment, name="experiment"),
    path("moderation", operation.moderation, name="moderation"),
    path("moderation/rules", operation.publish, name="moderation_rules"),
    path("moderation/<int:case_id>/act", operation.act, name="moderation_act"),
    path("inbox", inbox.inbox, name="inbox"),
    path("inbox/duty", inbox_duty.duty, name="duty"),
    path("inbox/duty/set", inbox_duty.keep, name="duty_set"),
    path("inbox/<int:item_id>", inbox.one, name="inbox_item"),
    path("inbox/<int:item_id>/act", inbox.act, name="inbox_act"),
    path("signups", operation_signups.signups, name="signups"),
    path("signups/open", operation_signups.begin, name="signup_open"),
    path("signups/<int:signup_id>/act", operation_signups.act, name="signup_act"),
    path("sops", operation_sops.sops, name="sops"),
    path("sops/keep", operation_sops.keep, name="sop_keep"),
    path("sops/<int:sop_id>/turn", operation_sops.turn, name="sop_turn"),
    path("offers", offers.offers, name="offers"),
    path("offers/new", offers.publish, name="offer_publish"),
    path("offers/<int:offer_id>", offers.offer, name="offer"),
    path("offers/<int:offer_id>/act", offers.act, name="offer_act"),
    path("rewards", rewards.rewards, name="rewards"),
    path("rewards/new", rewards.start, name="reward_start"),
    path("rewards/<int:rule_id>", rewards.reward, name="reward"),
    path("rewards/<int:rule_id>/act", rewards.act, name="reward_act"),
    path("rewards/<int:rule_id>/payments/<int:number>", rewards.payment, name="reward_payment"),
    path("draws/new", rewards.publish, name="draw_publish"),
    path("draws/<int:draw_id>", rewards.draw_act, name="draw_act"),
    path("ripples", ripples.ripples, name="ripples"),
    path("ripples/<str:ripple_id>", ripples.ripple, name="ripple"),
    path("influence", influence.influence, name="influence"),
    path("lookalikes", lookalikes.lookalikes, name="lookalikes"),
    path("lookalikes/keep", lookalikes.keep, name="lookalikes_keep"),
    path("demand", demand.demand_map, name="demand"),
    path("next-best", next_best.page, name="next_best"),
    path("next-best/exploring", next_best.explore, name="next_best_explore"),
    path("journeys", journeys.journeys, name="journeys"),
    path("journeys/new", journeys.journey_new, name="journey_new"),
    path("journeys/check", journeys.journey_check, name="journey_check"),
    path("journeys/<str:journey>", journeys.journey, name="journey"),
    path("journeys/<str:journey>/edit", journeys.journey_edit, name="journey_edit"),
    path("journeys/<str:journey>/turn", journeys.journey_turn, name="journey_turn"),
    path("journeys/<str:journey>/people", journeys.journey_people, name="journey_people"),
    path("journeys/<str:journey>/try", journey_trying.journey_try, name="journey_try"),
    path("campaigns", campaigns.campaigns, name="campaigns"),
    path("campaigns/new", campaigns.campaign_new, name="campaign_new"),
    path("campaigns/<int:campaign>", campaigns.campaign, name="campaign"),
    path("campaigns/<int:campaign>/edit", campaigns.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:campaign>/check", campaigns.campaign_check, name="campaign_check"),
    path("campaigns/<int:campaign>/turn", campaigns.campaign_turn, name="campaign_turn"),
    path("tasks", journeys.team_tasks, name="team_tasks"),
    path("tasks/new", journeys.task_new, name="task_new"),
    path("tasks/<int:task_id>/close", journeys.task_close, name="task_close"),
    path("forecasts", forecasts.forecasts, name="forecasts"),
    path("value", value.value, name="value"),
    path("retention", value.retention, name="retention"),
    path("stages", value.stages, name="stages"),
    path("stages/rules", stage_rules.stage_rules, name="stage_rules"),
    path("stages/rules/apply", stage_rules.stage_rules_apply, name="stage_rules_apply"),
    path("data", data.data, name="data"),
    path("connectors", connectors.connectors, name="connectors"),
    path("connectors/check", connectors.check, name="connectors_check"),
    path("data/refresh", data.refresh, name="refresh"),
    path("data/rejects/<str:name>", data.rejects, name="rejects"),
    path("data/rejects/<str:name>/discard", data.discard_rejects, name="rejects_discard"),
    path("data/<str:name>", data.table, name="table"),
    path("import", imports.new, name="import_new"),
    path("import/<uuid:upload_id>", imports.one, name="import"),
    path("import/<uuid:upload_id>/read", imports.read_as, name="import_read"),
    path("import/<uuid:upload_id>/again", imports.again, name="import_again"),
    path("import/<uuid:upload_id>/run", imports.run, name="import_run"),
    path("import/<uuid:upload_id>/discard", imports.discard, name="import_discard"),
    path("import/<uuid:upload_id>/rejects/<int:number>", imports.rejected, name="import_rejects"),
    path("ledger", ledger.ledger, name="ledger"),
    path("ledger/one", ledger.one, name="ledger_one"),
    path("ledger/returns", ledger_returns.returns, name="ledger_returns"),
    path("ledger/checks", ledger.checks, name="ledger_checks"),
    path("picture", picture.picture, name="picture"),
    path("picture/people", picture.people, name="picture_people"),
    path("picture/keep", picture.keep, name="picture_keep"),
    path("report", report.listed, name="reports"),
    path("report/schedule", report.schedule, name="report_schedule"),
    path("report/deliveries/<int:number>/again", report.again, name="report_again"),
    path("report/<str:month>", report.report, name="report"),
    path("report/<str:month>/send", report.send, name="report_send"),
    path("attribution", ledger_attribution.attribution, name="attribution"),
    path("prices", ledger_book.book, name="ledger_book"),
    path("prices/apply", ledger_book.apply, name="ledger_apply"),
    path("prices/costs", ledger_book.enter, name="ledger_enter"),
    path("jobs/<int:job_id>", jobs.job, name="job"),
    path("jobs/<int:job_id>/part", jobs.part, name="job_part"),
    path("jobs/<int:job_id>/cancel", jobs.cancel, name="job_cancel"),
    path("settings", brand.settings, name="settings"),
    path("settings/brand", brand.brand, name="settings_brand"),
    path("settings/team", team.team, name="team"),
    path("settings/team/<int:user_id>", team.change, name="team_change"),
    path("settings/roles", team.roles, name="roles"),
    path("settings/keys", keys.write_keys, name="write_keys"),
    path("settings/keys/<int:key_id>/revoke", keys.revoke, name="write_key_revoke"),
    path("settings/tokens", keys.tokens, name="tokens"),
    path("settings/tokens/<int:token_id>/revoke", keys.revoke_token, name="token_revoke"),
    path("settings/log", team.log, name="log"),
    path("settings/channels", channels.channels, name="channels"),
    path("settings/channels/new/<str:kind>", channels.new, name="channel_new"),
    path("settings/channels/<str:channel>", channels.channel, name="channel"),
    path("settings/channels/<str:channel>/check", channels.check, name="channel_check"),
    path("settings/channels/<str:channel>/compare", channels.compare, name="channel_compare"),
    path("settings/channels/<str:channel>/test", channels.test, name="channel_test"),
    path("settings/channels/<str:channel>/ask", asking.ask, name="channel_ask"),
    path("settings/channels/<str:channel>/turn", channels.turn, name="channel_turn"),
    path("settings/channels/<str:channel>/remove", channels.remove, name="channel_remove"),
    path("settings/channel-key", channels.rotate, name="channel_key"),
    path("api/v1/", include("lianyi.doors.api.urls")),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
