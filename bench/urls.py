"""The product's addresses and an empty page that passes the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from kamerton.config import urls as product

handler400, handler403, handler404, handler500 = (
    product.handler400,
    product.handler403,
    product.handler404,
    product.handler500,
)


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("bench/empty", empty), *product.urlpatterns]
