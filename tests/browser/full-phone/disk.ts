import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small ext4 file system on a loop device, which a browser's profile lies on. It outlives the browser; mounting needs root. */
export class SmallDisk {
  private constructor(
    private readonly base: string,
    readonly folder: string,
  ) {}

  static async mount(mib: number): Promise<SmallDisk> {
    const base = await mkdtemp(join(tmpdir(), "qdn-disk-"));
    const [image, folder] = [join(base, "image"), join(base, "mounted")];
    execFileSync("truncate", ["-s", `${mib}M`, image]);
    execFileSync("mkfs.ext4", ["-q", "-m", "0", "-F", image]);
    execFileSync("mkdir", [folder]);
    execFileSync("mount", ["-o", "loop", image, folder]);
    return new SmallDisk(base, folder);
  }

  /** Fills the disk as another program does, to the last byte. */
  fill(): void {
    const filler = openSync(join(this.folder, "filler"), "a");
    for (const size of [1 << 20, 4_096, 1]) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(filler, block);
      } catch (error) {
        if (!String(error).includes("ENOSPC")) throw error;
      }
    }
    closeSync(filler);
  }

  /** Deletes what `fill` wrote. */
  free(): void {
    rmSync(join(this.folder, "filler"), { force: true });
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  async unmount(): Promise<void> {
    execFileSync("umount", ["--lazy", this.folder]);
    await rm(this.base, { recursive: true, force: true });
  }
}
