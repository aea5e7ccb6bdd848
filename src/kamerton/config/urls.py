"""All addresses, by audience."""

from django.urls import include, path

handler400 = "kamerton.web.errors.bad_request"
handler403 = "kamerton.web.errors.forbidden"
handler404 = "kamerton.web.errors.not_found"
handler500 = "kamerton.web.errors.server_error"

urlpatterns = [
    path("", include("kamerton.web.urls")),
    path("", include("kamerton.web.candidate.urls")),
    path("p/<slug:project>/", include("kamerton.web.studio.build_urls")),
    path("p/<slug:project>/", include("kamerton.web.studio.urls")),
    path("p/<slug:project>/", include("kamerton.web.office.people_urls")),
    path("p/<slug:project>/", include("kamerton.web.office.urls")),
    path("p/<slug:project>/", include("kamerton.web.assessor.urls")),
    path("p/<slug:project>/", include("kamerton.web.leader.urls")),
]
