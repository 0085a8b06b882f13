"""The same chunks on a Dask cluster: identical bit for bit, and a worker that dies loses nothing."""

from __future__ import annotations

import gc
import hashlib
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from incentive_lab.errors import InputError, Problem
from incentive_lab.projection.chunks import Desk, Job, Piece, Span

PATIENCE = 10
"""Seconds until a scheduler that does not answer is given up, and seconds to wait for a first worker."""
AHEAD = 3
"""Chunks that wait for each thread of the cluster, so that none is idle and few come back at once."""
LOOK = 0.5
"""Seconds between looks at whether the run was cancelled."""
_DESKS = threading.local()


def digest_of_sources() -> str:
    """A digest of everything that draws and pays, on whichever machine this runs.

    Example:
        >>> len(digest_of_sources())
        64
    """
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for part in ("scheme", "engine", "projection"):
        for source in sorted((package / part).rglob("*.py")):
            digest.update(source.relative_to(package).as_posix().encode() + source.read_bytes())
    return digest.hexdigest()


class Cluster:
    """Workers of a Dask cluster.

    The job goes to the scheduler as bytes that every worker unpacks for itself, so what a dead worker knew is made again
    elsewhere, and its chunks with it. A cluster runs what it is sent: connect to one that you trust.
    """

    def __init__(self, address: str) -> None:
        """Connect.

        Args:
            address: Of the scheduler, such as tcp://10.0.0.5:8786.

        Raises:
            InputError: Dask is not installed, nothing answers, nobody works there, or workers have other sources.
        """
        try:
            from distributed import Client
        except ImportError:
            raise InputError([Problem("--cluster", "the package 'distributed' is not installed.",
                                      "Install it with: pip install 'incentive-lab[cluster]'.")]) from None  # fmt: skip
        failed: str | None = None
        try:
            self.client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            failed = _short(error)
        if failed is not None:
            gc.collect()  # freed while another client starts, the one that failed would wait for it for ever
            raise InputError([Problem("--cluster", f"nothing answers at {address}: {failed}.",
                                      "Start a scheduler there, or give its address as tcp://HOST:PORT.")])  # fmt: skip
        try:
            self.number = self._ready(address)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Cluster:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster; its workers stay."""
        self.close()

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self.client.close(timeout=PATIENCE)

    def _ready(self, address: str) -> int:
        """Threads of the cluster, once each worker is known to run the same sources."""
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
            found = self.client.run(digest_of_sources)
        except TimeoutError:
            raise InputError([Problem("--cluster", f"the scheduler at {address} has no workers.",
                                      f"Start some with: dask worker {address}.")]) from None  # fmt: skip
        except Exception as error:
            raise InputError([Problem("--cluster", f"the workers at {address} cannot run this: {_short(error)}.",
                                      "Install the same version of incentive-lab where they run.")]) from None  # fmt: skip
        other = sorted(name for name, digest in found.items() if digest != digest_of_sources())
        if other:
            raise InputError([Problem("--cluster", f"{len(other)} of {len(found)} workers run another version of the kernel, "
                                      f"such as {other[0]}; they might pay otherwise.",
                                      "Install the same version of incentive-lab where they run.")])  # fmt: skip
        return max(1, int(sum(self.client.nthreads().values())))

    def pieces(
        self, job: Job, spans: Iterable[Span], step: Callable[[float], None], cancel: threading.Event | None
    ) -> Iterator[Piece | None]:
        """What comes of chunks, as they are done; None once cancelled."""
        from distributed import wait

        name = f"projection-{uuid4().hex}"
        made = self.client.submit(pickle.loads, pickle.dumps(job), key=name, pure=False)
        left = iter(spans)
        futures: dict[Any, Span] = {}

        def send() -> None:
            span = next(left, None)
            if span is not None:
                futures[self.client.submit(_piece, made, name, span, key=f"{name}-{span[0]}", pure=False)] = span

        try:
            for _ in range(AHEAD * self.number):
                send()
            while futures:
                if cancel is not None and cancel.is_set():
                    yield None
                    return
                try:
                    with self.client.as_current():
                        done = wait(list(futures), timeout=LOOK, return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    if self.client.status != "running":
                        raise _lost() from None
                    continue
                for future in sorted(done, key=lambda one: futures[one]):
                    _, count = futures.pop(future)
                    yield _result(future)
                    step(float(count))
                    send()
        finally:
            self.client.cancel([*futures, made], force=True)


def _piece(job: Job, name: str, span: Span) -> Piece | None:
    """One chunk, on a worker; its threads keep their arrays for the next chunk of the same job."""
    if getattr(_DESKS, "name", None) != name:
        _DESKS.name, _DESKS.desk = name, Desk(job)
    return job.piece(span, _DESKS.desk)


def _result(future: Any) -> Piece:
    """What came of a future.

    Raises:
        InputError: The workers that had it died, again and again.
    """
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        found: Piece = future.result()
    except KilledWorker:
        raise InputError([Problem("--cluster", "the workers that were given a chunk died, again and again.",
                                  "Look at their logs; they may have too little memory.")]) from None  # fmt: skip
    except FutureCancelledError:
        raise _lost() from None
    return found


def _lost() -> InputError:
    return InputError([Problem("--cluster", "the connection to the scheduler was lost; nothing was kept.",
                               "Start it again, or run without --cluster.")])  # fmt: skip


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".") or type(error).__name__
