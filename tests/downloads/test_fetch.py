"""Downloads arrive whole and checked, or not at all, whatever the network does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.downloads.conftest import CONFIG, OTHER, REPOSITORY, WEIGHTS, Pull, make_card
from tests.downloads.local_hub import COMMIT, LocalHub
from workers.messages.errors import (
    DiskFullError,
    DownloadError,
    DownloadPausedError,
    NotFetchedError,
)
from workers.models.downloads import transfer
from workers.models.downloads.download import (
    DownloadProgress,
    as_fetched,
    is_present,
    remove,
    stored_bytes,
)
from workers.models.weights import verified_folder

BIG = "tiny.Q4_K_M.gguf"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


def part_of(folder: Path) -> Path:
    return folder / "models" / ".part" / "tiny"


def test_files_arrive_byte_for_byte_with_their_checksums(
    pull: Pull, tmp_path: Path, local_hub: LocalHub
) -> None:
    card = make_card()
    assert not is_present(card, tmp_path)
    folder = pull(card)
    assert folder == tmp_path / "models" / "tiny"
    assert (folder / BIG).read_bytes() == WEIGHTS
    assert (folder / "config.json").read_bytes() == CONFIG
    assert is_present(card, tmp_path)
    assert as_fetched(card, tmp_path).files == {
        BIG: SHA256,
        "config.json": hashlib.sha256(CONFIG).hexdigest(),
    }
    assert not part_of(tmp_path).exists()
    assert f"/{REPOSITORY}/resolve/{COMMIT}/{BIG}" in [r.path for r in local_hub.requests]


def test_what_is_there_is_not_asked_for_again(
    pull: Pull, tmp_path: Path, local_hub: LocalHub
) -> None:
    pull(make_card())
    local_hub.requests.clear()
    seen: list[object] = []
    card = as_fetched(make_card(), tmp_path)
    assert pull(make_card()) == verified_folder(card, tmp_path, seen.append)
    assert (local_hub.requests, seen) == ([], [])  # nor read again to check it


def test_a_pattern_means_the_one_file_that_fits(pull: Pull, tmp_path: Path) -> None:
    card = make_card(files={"*Q4_K_M.gguf": None})
    pull(card)
    assert as_fetched(card, tmp_path).weight_file == BIG


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("*.gguf", r"'\*\.gguf' means 2 files of maker/tiny: tiny\.Q4_K_M\.gguf, tiny\.Q8_0\.gguf"),
        ("*Q2_K*", r"no file like '\*Q2_K\*'; it has tiny\.Q4_K_M\.gguf, .*config\.json"),
    ],
)
def test_a_pattern_that_names_no_one_file_says_what_there_is(
    pull: Pull, pattern: str, sentence: str
) -> None:
    with pytest.raises(DownloadError, match=sentence):
        pull(make_card(files={pattern: None}))


def test_a_model_in_pieces_is_one_model(pull: Pull, local_hub: LocalHub, tmp_path: Path) -> None:
    pieces = {f"m.Q4_K_M-0000{n}-of-00002.gguf": bytes([n]) * 9 for n in (1, 2)}
    local_hub.repositories[REPOSITORY].update(pieces)
    card = make_card(files={"m.Q4_K_M*.gguf": None})
    folder = pull(card)
    assert {name: (folder / name).read_bytes() for name in pieces} == pieces
    assert as_fetched(card, tmp_path).weight_file == "m.Q4_K_M-00001-of-00002.gguf"


def test_a_cut_is_continued_where_it_was(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.cut_after = [1_000_000, 500_000]
    folder = pull(make_card())
    assert (folder / BIG).read_bytes() == WEIGHTS
    assert [get.range for get in local_hub.gets(BIG)] == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_body_that_ends_early_in_order_is_a_cut_too(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.cut_after = [700_000]
    local_hub.faults.silent_cut = True
    folder = pull(make_card())
    assert (folder / BIG).read_bytes() == WEIGHTS
    assert [get.range for get in local_hub.gets(BIG)] == [None, "bytes=700000-"]


def test_a_server_without_ranges_sends_all_again(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.cut_after = [1_000_000]
    local_hub.faults.has_ranges = False
    seen: list[DownloadProgress] = []
    folder = pull(make_card(), seen.append)
    assert (folder / BIG).read_bytes() == WEIGHTS
    assert seen[-1].done_bytes == seen[-1].total_bytes == len(WEIGHTS) + len(CONFIG)


def test_a_busy_server_is_asked_again(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.statuses = [503, 429, 500]
    assert (pull(make_card()) / BIG).read_bytes() == WEIGHTS
    assert len(local_hub.gets(BIG)) == 4


def test_a_server_that_stays_down_is_given_up_with_its_status(
    pull: Pull, local_hub: LocalHub
) -> None:
    local_hub.faults.statuses = [503] * 50
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.* failed \(503\)"):
        pull(make_card())
    assert len(local_hub.gets(BIG)) == 1 + transfer.NUM_RETRIES


def test_a_pause_keeps_the_half_file_and_the_next_run_goes_on(
    pull: Pull, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.bytes_per_s = 2_000_000
    seen: list[DownloadProgress] = []
    with pytest.raises(DownloadPausedError, match="goes on from there"):
        pull(make_card(), seen.append, lambda: stored_bytes(make_card(), tmp_path) > 1_000_000)
    assert not (tmp_path / "models" / "tiny").exists()
    half = (part_of(tmp_path) / BIG).stat().st_size
    assert 900_000 < half < len(WEIGHTS)
    assert any(p.speed_bytes_s > 100_000 and 0 < (p.fraction or 0) < 1 for p in seen)
    local_hub.faults.bytes_per_s = 0
    local_hub.requests.clear()
    assert (pull(make_card()) / BIG).read_bytes() == WEIGHTS
    assert [get.range for get in local_hub.gets(BIG)] == [f"bytes={half}-"]


def test_a_half_file_of_something_else_is_not_continued(
    pull: Pull, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.cut_after = [1_000_000]
    with pytest.raises(DownloadPausedError):
        pull(make_card(), is_cancelled=lambda: not local_hub.faults.cut_after)
    assert (part_of(tmp_path) / BIG).exists()
    changed = WEIGHTS[::-1]
    local_hub.repositories[REPOSITORY][BIG] = changed
    assert (pull(make_card()) / BIG).read_bytes() == changed
    assert local_hub.gets(BIG)[-1].range is None


def test_wrong_bytes_are_deleted_and_reported(
    pull: Pull, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.sent_in_place[BIG] = WEIGHTS[:-1] + b"x"
    with pytest.raises(DownloadError, match=rf"damaged: its sha256 should be {SHA256[:12]}.*dele"):
        pull(make_card())
    assert not (part_of(tmp_path) / BIG).exists()
    assert not is_present(make_card(), tmp_path)
    local_hub.sent_in_place.clear()
    assert (pull(make_card()) / BIG).read_bytes() == WEIGHTS


def test_a_small_file_is_checked_by_gits_hash(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.sent_in_place["config.json"] = CONFIG.replace(b"512", b"513")
    with pytest.raises(DownloadError, match=r"config\.json of Tiny is damaged: its git-sha1"):
        pull(make_card(files={"config.json": None}))


def test_a_file_that_is_not_the_cards_is_refused_before_it_comes(
    pull: Pull, local_hub: LocalHub
) -> None:
    with pytest.raises(DownloadError, match=rf"SHA-256 {SHA256[:12]}….*expects 000000000000…"):
        pull(make_card(files={BIG: "0" * 64}))
    assert local_hub.gets(BIG) == []


def test_a_full_disk_is_reported_with_both_numbers_before_the_first_byte(
    pull: Pull, local_hub: LocalHub
) -> None:
    local_hub.declared_size[BIG] = 10**15
    with pytest.raises(
        DiskFullError, match=r"needs 1,000,000\.0 GB more, and [\d.,]+ GB are free in /"
    ):
        pull(make_card())
    assert local_hub.gets(BIG) == []


def test_a_licence_that_limits_the_use_is_shown_first(pull: Pull, local_hub: LocalHub) -> None:
    card = make_card(license="Llama 3.2", license_restricted=True)
    with pytest.raises(
        NotFetchedError, match=r"Llama 3\.2, .*example\.org/licence.*models pull tiny --accept-l"
    ):
        pull(card)
    assert local_hub.requests == []
    assert (pull(card, accept_license=True) / BIG).is_file()


def test_an_edited_card_is_fetched_afresh(pull: Pull, local_hub: LocalHub, tmp_path: Path) -> None:
    pull(make_card())
    other = make_card(files={"tiny.Q8_0.gguf": None})
    assert not is_present(other, tmp_path)
    folder = pull(other)
    assert (folder / "tiny.Q8_0.gguf").read_bytes() == OTHER
    assert not (folder / BIG).exists()


def test_removing_frees_the_disk_and_half_files_too(
    pull: Pull, local_hub: LocalHub, tmp_path: Path
) -> None:
    card = make_card()
    pull(card)
    assert remove(card, tmp_path) > len(WEIGHTS)
    assert not is_present(card, tmp_path)
    local_hub.faults.cut_after = [1_000_000]
    with pytest.raises(DownloadPausedError):
        pull(card, is_cancelled=lambda: not local_hub.faults.cut_after)
    assert remove(card, tmp_path) > 0
    assert stored_bytes(card, tmp_path) == 0
