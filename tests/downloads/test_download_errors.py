"""Every way not to get a file is one sentence that says what to do."""

from __future__ import annotations

import logging
from pathlib import Path

import huggingface_hub
import pytest

from configs.settings import HubSettings
from tests.downloads.conftest import REPOSITORY, WEIGHTS, Pull, make_card
from tests.downloads.local_hub import LocalHub
from tests.running import free_port
from workers.messages.errors import DownloadError, DownloadPausedError
from workers.models.downloads.download import fetch, size_of

TOKEN = "hf_secret0123456789"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"source": "hf:maker/nothing@main"},
            r"knows no repository maker/nothing, or it is private\..*HF_TOKEN",
        ),
        ({"source": f"hf:{REPOSITORY}@v9"}, r"maker/tiny has no revision 'v9'"),
        (
            {"files": {"absent.gguf": None}},
            r"maker/tiny has no file absent\.gguf at the revision 'main'\. Check the files",
        ),
        ({"source": "hf:no repository"}, r"no repository cannot be used: Repo id must"),
    ],
)
def test_what_the_hub_does_not_have_is_named(
    pull: Pull, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(DownloadError, match=f"(?s){sentence}"):
        pull(make_card(**changes))


@pytest.mark.parametrize(
    ("name", "source", "sentence"),
    [
        ("absent.gguf", "/plain/", r"absent\.gguf could not be downloaded: 127.* have it \(404\)"),
        ("*.gguf", "/plain/", r"'\*\.gguf' is a pattern, and a web address has no list"),
    ],
)
def test_what_an_address_does_not_have_is_named(
    pull: Pull, local_hub: LocalHub, name: str, source: str, sentence: str
) -> None:
    with pytest.raises(DownloadError, match=sentence):
        pull(make_card(source=f"url:{local_hub.url}{source}", files={name: None}))


def test_a_source_that_is_no_web_address_is_refused(pull: Pull) -> None:
    with pytest.raises(DownloadError, match="file:///etc is no web address"):
        pull(make_card(source="url:file:///etc/", files={"passwd": None}))


def test_a_gated_model_asks_for_a_token(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.gated.add(REPOSITORY)
    with pytest.raises(DownloadError, match=r"conditions accepted first\. Accept .*HF_TOKEN"):
        pull(make_card())


def test_the_token_opens_the_hub_and_goes_nowhere_else(
    pull: Pull,
    local_hub: LocalHub,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    caplog.set_level(logging.DEBUG)
    local_hub.gated.add(REPOSITORY)
    local_hub.token = TOKEN
    folder = pull(make_card(files={"*Q4_K_M.gguf": None}))
    assert (folder / "tiny.Q4_K_M.gguf").read_bytes() == WEIGHTS
    at_content = [r.token for r in local_hub.requests if r.path.startswith("/content/")]
    at_hub = [r.token for r in local_hub.requests if not r.path.startswith("/content/")]
    assert at_content == [None]
    assert set(at_hub) == {f"Bearer {TOKEN}"}
    written = [path.read_text("utf-8", "replace") for path in folder.glob(".*")]
    assert not any(TOKEN in text for text in [caplog.text, *written])


def test_a_refused_token_is_no_missing_model(
    pull: Pull, local_hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    with pytest.raises(DownloadError, match=r"does not accept the token .*401.*Renew it") as caught:
        pull(make_card())
    assert "hf_old" not in str(caught.value)


def test_a_content_network_that_refuses_is_named(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.statuses = [403]
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.*does not let you have it \(403\)"):
        pull(make_card())


def test_a_name_that_is_not_resolved_is_reported(tmp_path: Path) -> None:
    hub = HubSettings(endpoint="http://no-such-hub.invalid")
    with pytest.raises(
        DownloadError, match=r"name no-such-hub\.invalid could not be resolved"
    ) as e:
        fetch(make_card(), tmp_path, hub)
    assert "QUINTET_HUB__ENDPOINT" in e.value.hint


def test_a_server_that_is_not_there_is_reported() -> None:
    port = free_port()
    with pytest.raises(DownloadError, match=rf"127\.0\.0\.1:{port} cannot be reached: .*refused"):
        size_of(make_card(), HubSettings(endpoint=f"http://127.0.0.1:{port}"))


def test_offline_is_respected_and_reported(
    pull: Pull, local_hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for source in (f"hf:{REPOSITORY}@main", f"url:{local_hub.url}/plain/"):
        with pytest.raises(DownloadError, match=r"HF_HUB_OFFLINE is set\. Unset it"):
            pull(make_card(source=source))
    assert local_hub.requests == []


def test_a_network_that_goes_away_keeps_what_came(
    pull: Pull, local_hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.models.downloads.transfer.NUM_RETRIES", 1)
    local_hub.faults.cut_after = [400_000, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"cannot be reached: .*What has arrived is kept"):
        pull(make_card())
    half = tmp_path / "models" / ".part" / "tiny" / "tiny.Q4_K_M.gguf"
    assert half.read_bytes() == WEIGHTS[:400_000]


def test_a_folder_that_cannot_be_written_is_reported(pull: Pull, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file is in the way")
    with pytest.raises(DownloadError, match=r"Tiny could not be written to .*permissions"):
        pull(make_card())


def test_a_pause_is_heard_while_the_server_is_silent(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.statuses = [503] * 9
    with pytest.raises(DownloadPausedError):
        pull(make_card(), is_cancelled=lambda: len(local_hub.faults.statuses) < 9)
    assert len(local_hub.faults.statuses) == 8
