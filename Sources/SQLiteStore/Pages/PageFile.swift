import ConnectModel
import Foundation
import Synchronization

/// The pages of a database file that nobody has open yet, handed out in extents so that several trees can be written side by side.
final class PageFile: Sendable {
    static let pageSize = 4096
    static let extentPages = 64
    /// Larger pieces cost the kernel several times as much a byte (measured on ext4).
    static let writePiece = 128 << 10
    /// SQLite locks bytes of this page and never uses it (file format §1.3).
    static let lockPage = UInt32(0x4000_0000 / pageSize + 1)

    let descriptor: Int32
    let path: String
    private let state: Mutex<State>

    private struct State {
        var next: UInt32
        var unused: [UInt32] = []
    }

    /// Takes the file of `pages` pages at `path`; new ones come after them.
    init(path: String, pages: UInt32) throws {
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw AudienceStoreError.system(errno, "opened", path) }
        self.path = path
        state = Mutex(State(next: pages + 1))
    }

    deinit { close(descriptor) }

    /// The first page of `extentPages` new ones in a row.
    func takeExtent() -> UInt32 {
        state.withLock { state in
            let count = UInt32(PageFile.extentPages)
            if state.next <= PageFile.lockPage, state.next + count > PageFile.lockPage {
                state.unused += (state.next..<PageFile.lockPage)
                state.next = PageFile.lockPage + 1
            }
            defer { state.next += count }
            return state.next
        }
    }

    /// Gives pages of an extent back that were not needed.
    func giveBack(_ pages: Range<UInt32>) {
        state.withLock { $0.unused += pages }
    }

    func write(_ bytes: UnsafeRawBufferPointer, page: UInt32) throws {
        var done = 0
        let start = Int(page - 1) * PageFile.pageSize
        while done < bytes.count {
            let written = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, min(bytes.count - done, PageFile.writePiece), start + done)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw AudienceStoreError.system(written == 0 ? ENOSPC : errno, "written", path) }
            done += written
        }
        // Makes Linux start writing to the disk now, so that the final fsync finds little left to do.
        posix_fadvise(descriptor, off_t(start), off_t(bytes.count), POSIX_FADV_DONTNEED)
    }

    /// Writes the list of unused pages and the header's size and list, so that the file is a whole database again.
    func finish() throws {
        var (next, unused) = state.withLock { ($0.next, $0.unused.sorted()) }
        while let last = unused.last, last == next - 1 {
            unused.removeLast()
            next -= 1
            if next - 1 == PageFile.lockPage { next -= 1 }
        }
        guard ftruncate(descriptor, off_t(next - 1) * off_t(PageFile.pageSize)) == 0 else {
            throw AudienceStoreError.system(errno, "sized", path)
        }
        let firstTrunk = try writeFreeList(unused)
        try patchHeader(pages: next - 1, firstTrunk: firstTrunk, free: UInt32(unused.count))
    }

    /// Makes the file and its name durable. Nobody may have it open.
    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw AudienceStoreError.system(errno, "made durable", path) }
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if directory >= 0 { close(directory) } }
        guard directory >= 0, fsync(directory) == 0 else { throw AudienceStoreError.system(errno, "made durable", path) }
    }

    /// File format §1.5: trunk pages that name the next trunk and their leaves.
    private func writeFreeList(_ unused: [UInt32]) throws -> UInt32 {
        let perTrunk = PageFile.pageSize / 4 - 8
        var trunks: [ArraySlice<UInt32>] = []
        var rest = unused[...]
        while !rest.isEmpty {
            trunks.append(rest.prefix(perTrunk + 1))
            rest = rest.dropFirst(perTrunk + 1)
        }
        for (index, trunk) in trunks.enumerated() {
            var words = [UInt32](repeating: 0, count: PageFile.pageSize / 4)
            words[0] = (index + 1 < trunks.count ? trunks[index + 1].first ?? 0 : 0).bigEndian
            words[1] = UInt32(trunk.count - 1).bigEndian
            for (slot, page) in trunk.dropFirst().enumerated() { words[2 + slot] = page.bigEndian }
            guard let page = trunk.first else { continue }
            try words.withUnsafeBytes { try write($0, page: page) }
        }
        return trunks.first?.first ?? 0
    }

    private func patchHeader(pages: UInt32, firstTrunk: UInt32, free: UInt32) throws {
        var header = [UInt8](repeating: 0, count: 100)
        guard pread(descriptor, &header, 100, 0) == 100 else { throw AudienceStoreError.system(errno, "read", path) }
        func word(_ offset: Int) -> UInt32 { header[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        func set(_ offset: Int, _ value: UInt32) {
            withUnsafeBytes(of: value.bigEndian) { header.replaceSubrange(offset..<offset + 4, with: $0) }
        }
        let change = word(24) &+ 1
        set(24, change)
        set(28, pages)
        set(32, firstTrunk)
        set(36, free)
        set(92, change)
        // Read and write version 2: the database is used with a log (WAL) from now on.
        header[18] = 2
        header[19] = 2
        try header.withUnsafeBytes { try write($0, page: 1) }
    }
}

/// Pages of one tree, written in runs of an extent. Used by one thread.
final class PageStream {
    private let file: PageFile
    private let buffer: UnsafeMutableRawPointer
    private var first: UInt32 = 0
    private var used = 0

    init(_ file: PageFile) {
        self.file = file
        buffer = .allocate(byteCount: PageFile.extentPages * PageFile.pageSize, alignment: 4096)
    }

    deinit { buffer.deallocate() }

    /// Takes a copy of the page and says which number it has got.
    func append(_ page: UnsafeRawPointer) throws -> UInt32 {
        if used == PageFile.extentPages { try flush() }
        if first == 0 { first = file.takeExtent() }
        (buffer + used * PageFile.pageSize).copyMemory(from: page, byteCount: PageFile.pageSize)
        used += 1
        return first + UInt32(used - 1)
    }

    /// Writes what is left and gives the rest of the extent back.
    func finish() throws {
        guard first != 0 else { return }
        let unused = (first + UInt32(used))..<(first + UInt32(PageFile.extentPages))
        try flush()
        file.giveBack(unused)
    }

    func writeRoot(_ page: UnsafeRawPointer, at number: UInt32) throws {
        try file.write(UnsafeRawBufferPointer(start: page, count: PageFile.pageSize), page: number)
    }

    private func flush() throws {
        try file.write(UnsafeRawBufferPointer(start: buffer, count: used * PageFile.pageSize), page: first)
        first = 0
        used = 0
    }
}
