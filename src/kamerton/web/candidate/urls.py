"""Addresses of the candidate pages."""

from django.urls import path

from kamerton.web.candidate import consent, invitation, player, practice, report, sitting, sorting

urlpatterns = [
    path("c/<str:token>/", invitation.link, name="candidate-link"),
    path("c/<str:token>/seen/", invitation.seen, name="candidate-seen"),
    path("s/<str:token>/", sorting.sort, name="sort"),
    path("p/<slug:slug>/try/", invitation.trial, name="candidate-try"),
    path("sitting/", sitting.overview, name="candidate-overview"),
    path("sitting/language/", invitation.language, name="candidate-language"),
    path("sitting/consent/", consent.consents, name="candidate-consent"),
    path("sitting/withdraw/", consent.withdraw, name="candidate-withdraw"),
    path("sitting/parts/", sitting.parts, name="candidate-parts"),
    path("sitting/start/", sitting.start, name="candidate-start"),
    path("sitting/item/<int:number>/", player.item, name="candidate-item"),
    path("sitting/answer/", player.answer, name="candidate-answer"),
    path("sitting/state/", player.state, name="candidate-state"),
    path("sitting/take-over/", player.take_over_here, name="candidate-take-over"),
    path("sitting/break/", player.pause, name="candidate-break"),
    path("sitting/event/", player.event, name="candidate-event"),
    path("sitting/practice/", practice.practice, name="candidate-practice"),
    path("sitting/finish/", sitting.finish, name="candidate-finish"),
    path("sitting/report/", report.report, name="candidate-report"),
    path("sitting/thanks/", sitting.thanks, name="candidate-thanks"),
]
