from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def empty(request: HttpRequest) -> HttpResponse:
    """What the whole middleware stack costs, and nothing else."""
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("bench/empty/", empty), path("", include("kamerton.config.urls"))]
