#!/usr/bin/python3
"""A disk whose power can be cut: a FUSE file system that keeps everything in memory until it is synced, and only what
was synced in an image folder. Killed with SIGKILL and mounted again on its image, it has what a real disk has for sure.

usage: volatile-disk.py IMAGE MOUNTPOINT strict|ordered

Content is durable after fsync or fdatasync of its file, or by a write to a file opened with O_SYNC or O_DSYNC.
Names (created, renamed, removed): `strict`, as POSIX has it, only after fsync of their folder; `ordered`, as the file
systems with a journal of their metadata do it (ext4, XFS, btrfs), after fsync of a file too, as far as they were changed
before that file was created or last changed its size.
A disk may also have written what nobody synced, or half of it: creating /.cut-SEED writes a random part of that, and
ends the disk. Times are not kept.
"""

import errno
import json
import os
import random
import stat
import sys

from fusepy import FUSE, FuseOSError, Operations

SYNCED = os.O_SYNC | os.O_DSYNC


class File:
    def __init__(self, number, mode, content=b""):
        self.number, self.mode, self.content = number, mode, bytearray(content)
        # How many changes of names there were when it was created, or its size was last changed.
        self.changed_at = 0
        self.owner = (os.getuid(), os.getgid())
        # What was done since the last sync, in order: (offset, bytes), or (size, None) for a truncation.
        self.unsynced = []


class Folder:
    def __init__(self, number, mode):
        self.number, self.mode, self.entries = number, mode, {}
        self.changed_at = 0
        self.owner = (os.getuid(), os.getgid())


class VolatileDisk(Operations):
    def __init__(self, image, ordered):
        self.image, self.ordered = image, ordered
        os.makedirs(os.path.join(image, "files"), exist_ok=True)
        # Of the names that are durable: by number of the folder, name -> [kind, number, mode].
        self.durable = {"1": {}}
        try:
            with open(os.path.join(image, "names.json"), encoding="utf8") as file:
                self.durable = json.load(file)
        except FileNotFoundError:
            pass
        self.number = max([1] + [int(entry[1]) for names in self.durable.values() for entry in names.values()])
        self.root = self.load(Folder(1, 0o700))
        self.open_files, self.next_handle = {}, 1
        # Changes of names that are not durable: (how many there were, folder, name, entry or None).
        self.renamed, self.changes = [], 0

    def init(self, path):
        print("ready", flush=True)

    # The image.

    def path_of(self, number):
        return os.path.join(self.image, "files", str(number))

    def load(self, folder):
        for name, (kind, number, mode) in self.durable.get(str(folder.number), {}).items():
            if kind == "folder":
                folder.entries[name] = self.load(Folder(number, mode))
                continue
            content = b""
            if os.path.exists(self.path_of(number)):
                with open(self.path_of(number), "rb") as file:
                    content = file.read()
            folder.entries[name] = File(number, mode, content)
        return folder

    def note(self, *changes):
        """Changes of names that happen together: (folder, name, node or None)."""
        self.changes += 1
        for folder, name, node in changes:
            entry = node and ["folder" if isinstance(node, Folder) else "file", node.number, node.mode]
            self.renamed.append((self.changes, str(folder.number), name, entry))
            folder.changed_at = self.changes

    def sync_names(self, is_due):
        due = [change for change in self.renamed if is_due(change)]
        if not due:
            return
        self.renamed = [change for change in self.renamed if not is_due(change)]
        for _, folder, name, entry in due:
            names = self.durable.setdefault(folder, {})
            if entry:
                names[name] = entry
            else:
                names.pop(name, None)
        path = os.path.join(self.image, "names.json")
        with open(path + ".new", "w", encoding="utf8") as file:
            json.dump(self.durable, file)
        os.rename(path + ".new", path)

    def write_content(self, file, operations):
        target = os.open(self.path_of(file.number), os.O_RDWR | os.O_CREAT, 0o600)
        for at, data in operations:
            if data is None:
                os.ftruncate(target, at)
            else:
                os.pwrite(target, data, at)
        os.close(target)

    def sync(self, node):
        if isinstance(node, File) and node.unsynced:
            self.write_content(node, node.unsynced)
            node.unsynced = []
        if self.ordered:
            self.sync_names(lambda change: change[0] <= node.changed_at)
        elif isinstance(node, Folder):
            self.sync_names(lambda change: change[1] == str(node.number))

    def cut_with_rest(self, seed):
        """The end, with a random part of what nobody synced."""
        chance = random.Random(seed)
        for file in self.files_in(self.root):
            kept = file.unsynced[: chance.randint(0, len(file.unsynced))]
            if kept and kept[-1][1]:
                at, data = kept[-1]
                kept[-1] = (at, data[: chance.randint(0, len(data))])
            self.write_content(file, kept)
        last = chance.randint(0, self.changes)
        lucky = chance.sample(range(self.changes + 1), last)
        self.sync_names(lambda change: change[0] <= last if self.ordered else change[0] in lucky)
        os._exit(9)

    def files_in(self, folder):
        for node in folder.entries.values():
            if isinstance(node, Folder):
                yield from self.files_in(node)
            else:
                yield node

    # Where things are.

    def find(self, path):
        node = self.root
        for part in [part for part in path.split("/") if part]:
            if not isinstance(node, Folder):
                raise FuseOSError(errno.ENOTDIR)
            if part not in node.entries:
                raise FuseOSError(errno.ENOENT)
            node = node.entries[part]
        return node

    def parent(self, path):
        folder, name = os.path.split(path)
        return self.find(folder), name

    def add(self, path, make, mode):
        folder, name = self.parent(path)
        if name.startswith(".cut-"):
            self.cut_with_rest(name)
        self.number += 1
        node = folder.entries[name] = make(self.number, mode & 0o7777)
        self.note((folder, name, node))
        node.changed_at = self.changes
        return node

    def remove(self, path):
        folder, name = self.parent(path)
        if isinstance(folder.entries.get(name), Folder) and folder.entries[name].entries:
            raise FuseOSError(errno.ENOTEMPTY)
        if name not in folder.entries:
            raise FuseOSError(errno.ENOENT)
        del folder.entries[name]
        self.note((folder, name, None))

    def handle(self, file, flags):
        self.next_handle += 1
        self.open_files[self.next_handle] = (file, bool(flags & SYNCED))
        return self.next_handle

    # What the kernel asks for.

    def getattr(self, path, fh=None):
        node = self.open_files[fh][0] if fh in self.open_files else self.find(path)
        is_folder = isinstance(node, Folder)
        return {
            "st_mode": (stat.S_IFDIR if is_folder else stat.S_IFREG) | node.mode,
            "st_nlink": 2 if is_folder else 1,
            "st_size": 4096 if is_folder else len(node.content),
            "st_uid": node.owner[0],
            "st_gid": node.owner[1],
        }

    def readdir(self, path, fh):
        return [".", "..", *self.find(path).entries]

    def mkdir(self, path, mode):
        self.add(path, Folder, mode)

    def rmdir(self, path):
        self.remove(path)

    def create(self, path, mode, fi=None):
        # The kernel does not tell the flags of a creation; what is written then is synced by the kernel's own fsync.
        return self.handle(self.add(path, File, mode), 0)

    def open(self, path, flags):
        return self.handle(self.find(path), flags)

    def unlink(self, path):
        self.remove(path)

    def rename(self, old, new):
        from_folder, from_name = self.parent(old)
        to_folder, to_name = self.parent(new)
        node = to_folder.entries[to_name] = from_folder.entries.pop(from_name)
        self.note((from_folder, from_name, None), (to_folder, to_name, node))
        node.changed_at = self.changes

    def chmod(self, path, mode):
        node = self.find(path)
        node.mode = mode & 0o7777
        if path != "/":
            self.note((*self.parent(path), node))

    def chown(self, path, uid, gid):
        self.find(path).owner = (uid, gid)

    def utimens(self, path, times=None):
        pass

    def read(self, path, size, offset, fh):
        return bytes(self.open_files[fh][0].content[offset : offset + size])

    def write(self, path, data, offset, fh):
        file, is_synced = self.open_files[fh]
        if len(file.content) < offset + len(data):
            file.changed_at = self.changes
        file.content.extend(bytes(max(0, offset - len(file.content))))
        file.content[offset : offset + len(data)] = data
        file.unsynced.append((offset, bytes(data)))
        if is_synced:
            self.sync(file)
        return len(data)

    def truncate(self, path, length, fh=None):
        file = self.open_files[fh][0] if fh in self.open_files else self.find(path)
        del file.content[length:]
        file.content.extend(bytes(length - len(file.content)))
        file.unsynced.append((length, None))
        file.changed_at = self.changes

    def flush(self, path, fh):
        pass

    def fsync(self, path, datasync, fh):
        self.sync(self.open_files[fh][0])

    def fsyncdir(self, path, datasync, fh):
        self.sync(self.find(path))

    def release(self, path, fh):
        self.open_files.pop(fh, None)

    def statfs(self, path):
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bfree": 1 << 20, "f_bavail": 1 << 20}


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in ("strict", "ordered"):
        sys.exit("usage: volatile-disk.py IMAGE MOUNTPOINT strict|ordered")
    # One thread: what was done is in one order.
    FUSE(
        VolatileDisk(sys.argv[1], sys.argv[3] == "ordered"),
        sys.argv[2],
        foreground=True,
        nothreads=True,
        big_writes=True,
        allow_other=False,
        fsname="volatile-disk",
    )
