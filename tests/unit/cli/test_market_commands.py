"""Candles of FreqTrade's data directories, in and out of a home; the work is done by the real process."""

import io
import json
from pathlib import Path

import pandas
import pytest
from freqtrade.data.history.datahandlers import get_datahandler
from freqtrade.enums import CandleType

from tests.unit.cli.conftest import Flotilla

STEP = 300_000
FIRST = 1_700_000_100_000 // STEP * STEP
COUNT = 50


def candles(price: float = 10.0) -> pandas.DataFrame:
    rows = [[FIRST + n * STEP, price, price + n, price - 1, price, float(n)] for n in range(COUNT)]
    table = pandas.DataFrame(rows, columns=["date", "open", "high", "low", "close", "volume"])
    table["date"] = pandas.to_datetime(table["date"], unit="ms", utc=True)
    return table


def download(place: Path, pair: str, kind: str = "spot") -> None:
    place.mkdir(parents=True, exist_ok=True)
    get_datahandler(place).ohlcv_store(pair, "5m", candles(), CandleType.from_string(kind))


@pytest.fixture
def user_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOTILLA_GATEWAY_CANDLES_KEEP_DAYS", "{}")
    place = tmp_path / "user_data"
    download(place / "data" / "binance", "BTC/USDT")
    download(place / "data" / "okx", "BTC/USDT:USDT", "futures")
    download(place / "mine", "BTC/USDT")
    return place


def test_import_list_and_export(flotilla: Flotilla, home: Path, user_data: Path, tmp_path: Path) -> None:
    done = flotilla("market", "import", str(user_data), "--json")
    assert done.code == 0, done.err
    found = {(one["exchange"], one["file"]): one for one in json.loads(done.out)["items"]}
    assert set(found) == {
        ("binance", "BTC_USDT-5m.feather"), ("okx", "futures/BTC_USDT_USDT-5m-futures.feather")
    }  # fmt: skip
    assert {one["added"] for one in found.values()} == {COUNT - 1}
    listed = flotilla("market", "list", "--pair", "BTC/USDT")
    assert (listed.code, "binance" in listed.out, "okx" in listed.out) == (0, True, False)
    out = tmp_path / "out"
    assert flotilla("market", "export", str(out)).code == 0
    for place in (out / "binance", home / "gateway" / "candles" / "binance"):
        read = get_datahandler(place).ohlcv_load("BTC/USDT", "5m", CandleType.SPOT, drop_incomplete=False)
        pandas.testing.assert_frame_equal(read, candles()[:-1], check_dtype=False)


def test_a_folder_of_any_other_name_is_of_whom_it_is_said_to_be(
    flotilla: Flotilla, home: Path, user_data: Path
) -> None:
    assert flotilla("market", "import", str(user_data / "mine"), "--exchange", "okx").code == 0
    assert (home / "gateway" / "candles" / "okx" / "BTC_USDT-5m.feather").exists()


def test_a_check_changes_nothing(flotilla: Flotilla, home: Path, user_data: Path) -> None:
    done = flotilla("market", "import", str(user_data), "--check")
    assert (done.code, "would be added" in done.out) == (0, True)
    assert not (home / "gateway" / "candles").exists()


def test_a_damaged_file_makes_the_exit_code_and_the_others_are_there(
    flotilla: Flotilla, home: Path, user_data: Path
) -> None:
    (user_data / "data" / "binance" / "ETH_USDT-5m.feather").write_bytes(b"no feather")
    done = flotilla("market", "import", str(user_data))
    assert done.code == 5
    assert "1 file refused" in done.err
    assert (home / "gateway" / "candles" / "binance" / "BTC_USDT-5m.feather").exists()
    assert not (home / "gateway" / "candles" / "binance" / "ETH_USDT-5m.feather").exists()


def test_old_candles_are_said_before_anything_is_imported(
    flotilla: Flotilla, home: Path, user_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOTILLA_GATEWAY_CANDLES_KEEP_DAYS", '{"5m": 1}')
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = flotilla("market", "import", str(user_data))
    assert asked.code != 0
    assert f"{2 * (COUNT - 1)} candles are older than is kept" in asked.err
    assert not (home / "gateway" / "candles").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["/nowhere"], 3, "no directory"),
        (["{user_data}", "--exchange", "nowhere"], 3, "no candle files"),
        (["{user_data}/data/binance", "--exchange", "nowhere"], 2, "Which exchange"),
        (["{user_data}/data/binance", "--exchange", "paper"], 5, "paper exchange's candles are its own"),
        (["{user_data}/data/binance", "--exchange", "okx"], 5, "named as FreqTrade names the candles of binance"),
    ],
)
def test_what_cannot_be_imported_is_said(
    flotilla: Flotilla, user_data: Path, words: list[str], code: int, says: str
) -> None:
    done = flotilla("market", "import", *(word.format(user_data=user_data) for word in words))
    assert done.code == code
    assert says in done.err


def test_a_gateway_in_a_container_is_told(flotilla: Flotilla, user_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_ORCH_POOL_DRIVER", "docker")
    done = flotilla("market", "import", str(user_data))
    assert (done.code, "container" in done.err) == (4, True)
