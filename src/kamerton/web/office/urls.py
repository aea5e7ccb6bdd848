"""Addresses of the office pages."""

from django.urls import include, path

from kamerton.web.office import campaigns, live, paper, schedule

urlpatterns = [
    # people:
    path("", include("kamerton.web.office.people_urls")),
    # campaigns:
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.new, name="campaign-new"),
    path("campaigns/<slug:slug>/", campaigns.campaign, name="campaign"),
    path("campaigns/<slug:slug>/add/", campaigns.add, name="campaign-add"),
    path("campaigns/<slug:slug>/invite/", campaigns.invitations, name="campaign-invite"),
    path("campaigns/<slug:slug>/schedule/", schedule.schedule, name="campaign-schedule"),
    path("campaigns/<slug:slug>/live/", live.live, name="campaign-live"),
    path("campaigns/<slug:slug>/mails/", campaigns.mails, name="campaign-mails"),
    path("campaigns/<slug:slug>/people/<uuid:participation>/", campaigns.person, name="campaign-person"),
    path("campaigns/<slug:slug>/progress.<slug:form>", campaigns.export, name="campaign-export"),
    path("campaigns/<slug:slug>/paper/", paper.paper, name="campaign-paper"),
    path("campaigns/<slug:slug>/paper/sheets.pdf", paper.sheets, name="campaign-paper-sheets"),
    path("campaigns/<slug:slug>/paper/answers.xlsx", paper.template, name="campaign-paper-template"),
    path("campaigns/<slug:slug>/paper/<slug:token>/", paper.review, name="campaign-paper-review"),
]
