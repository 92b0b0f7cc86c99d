"""Settings that cannot be meant are refused at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from function_backend.services.webhooks.settings import WebhooksSettings


@pytest.mark.parametrize("content", [None, "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_certificates_is_refused_with_its_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=rf"ca_file: '{path}' cannot be read as certificates in PEM"):
        WebhooksSettings(ca_file=path)


def test_what_is_no_network_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match=r"'10\.1\.0\.1/16' is no network; an example is 10\.1\.0\.0/16"):
        WebhooksSettings(allowed_networks=("10.1.0.1/16",))
