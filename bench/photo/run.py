"""Photos to both renditions, qdn beside its peers: `cargo xtask bench photo` runs this.

All subjects of a photo run as processes that stay, take turns photo by photo, and begin each round one further.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import photos
import report
from quality import References
from report import Result
from subject import FOLDER, Subject

HERE = Path(__file__).parent
THUMB, DISPLAY = 320, 1600


def commands(qdn: str) -> dict[str, list[str]]:
    """How each subject is started."""
    workers = HERE / "workers"
    # glibc gives what a photo took back to the kernel, and fetches it again for the next, page by page.
    keeping = ["env", f"MALLOC_TRIM_THRESHOLD_={64 << 20}", f"MALLOC_MMAP_THRESHOLD_={64 << 20}"]

    def in_python(name: str, *way: str) -> list[str]:
        return [sys.executable, str(workers / f"{name}_worker.py"), FOLDER, *way]

    def in_node(way: str) -> list[str]:
        return ["node", str(workers / "sharp_worker.js"), FOLDER, way]

    return {
        report.QDN: [qdn, FOLDER],
        "qdn, malloc keeps memory": [*keeping, qdn, FOLDER],
        report.SAME_SHRINK: in_python("pyvips", "same-shrink"),
        report.LIBVIPS: in_python("pyvips", "once"),
        "libvips, twice": in_python("pyvips", "twice"),
        report.SHARP: in_node("once"),
        "sharp, clones": in_node("clones"),
        "Pillow": in_python("pillow"),
        "vipsthumbnail": in_python("vipsthumbnail"),
    }


def compare(photo: Path, starts: dict[str, list[str]], cores: list[int], rounds: int, folder: Path) -> tuple[dict, dict]:
    """All subjects on one photo: the results by name, and what each says of itself."""
    subjects = {name: Subject(command, cores, folder / str(index)) for index, (name, command) in enumerate(starts.items())}
    results = {name: Result() for name in subjects}
    for name, subject in subjects.items():
        results[name].error = subject.ask(photo).error
    able = [name for name in subjects if results[name].error is None]
    for turn in range(rounds):
        for place in range(len(able)):
            name = able[(turn + place) % len(able)]
            answer = subjects[name].ask(photo)
            results[name].cpu_ms.append(answer.cpu_ms)
            results[name].peak_mb = max(results[name].peak_mb, answer.peak_mb)
    for name in able:
        results[name].bytes_out = tuple(path.stat().st_size for path in subjects[name].renditions())
    for subject in subjects.values():
        subject.stop()
    said = {name: (subject.settings, subject.at_rest_mb) for name, subject in subjects.items()}
    return results, said


def judge(photo: Path, results: dict[str, Result], folder: Path) -> None:
    """Fills in the quality of what is left in the folder."""
    references = References(photo, THUMB), References(photo, DISPLAY)
    for index, result in enumerate(results.values()):
        if result.error is None:
            files = folder / str(index) / "thumb.jpg", folder / str(index) / "display.jpg"
            result.quality = tuple(reference.judge(file) for reference, file in zip(references, files, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qdn", required=True, help="the worker of crates/photo, built for release")
    parser.add_argument("--work", type=Path, required=True, help="a folder for the photos")
    parser.add_argument("--out", type=Path, help="the results as Markdown; otherwise they are printed")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="*", help="these photos and no others")
    arguments = parser.parse_args()

    made_by = hashlib.sha256((HERE / "photos.py").read_bytes()).hexdigest()[:12]
    files = photos.make(arguments.work / f"photos-{made_by}")
    if arguments.only:
        files = [file for file in files if file.name in arguments.only]
    cores = sorted(os.sched_getaffinity(0))[-2:]
    starts = commands(arguments.qdn)
    runs, said = {}, {}
    # In memory where there is such a place: a disk is not what is measured.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as scratch:
        for file in files:
            photo = Path(shutil.copy(file, scratch))
            for count in (1, 2):
                print(f"{photo.name} on {count} core(s)", file=sys.stderr)
                folder = Path(scratch) / f"{photo.name}-{count}"
                runs[photo.name, count], said = compare(photo, starts, cores[-count:], arguments.rounds, folder)
            judge(photo, runs[photo.name, 1], Path(scratch) / f"{photo.name}-1")
    text = report.write(files, runs, said, arguments.rounds)
    arguments.out.write_text(text) if arguments.out else print(text)


if __name__ == "__main__":
    main()
