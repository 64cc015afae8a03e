import CArchive
import ConnectModel

/// The contents of one file in a zip archive, read from front to back as it arrives. The only caller of libarchive for reading.
///
/// Zip64, stored and deflated members; what is encrypted is refused. Without a wanted member the archive must hold one file, which is
/// known at its end only: whoever reads must hold back what it did until the end was reached.
final class ZipSource: ByteSource {
    private let source: CountedSource
    private let limit: ExpansionLimit
    private let wanted: String?
    private var reader: ArchiveReader?
    private var names: [String] = []
    private var decoded: Int64 = 0
    private var phase = Phase.searching
    private var hasFound = false

    private enum Phase { case searching, inMember, ended }

    /// More entries than this are no delivery of data but an attack on whoever opens them.
    private static let mostEntries = 10_000

    init(_ source: any ByteSource, member: String?, limit: ExpansionLimit) {
        self.source = CountedSource(source)
        self.limit = limit
        wanted = member
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while true {
            switch phase {
            case .ended: return 0
            case .searching: try search(buffer)
            case .inMember:
                let count = try archive().read(into: buffer)
                if count > 0 {
                    decoded += Int64(count)
                    try limit.check(decoded: decoded, encoded: source.count)
                    return count
                }
                phase = .searching
            }
        }
    }

    private func archive() throws -> ArchiveReader {
        if let reader { return reader }
        let opened = try ArchiveReader(source)
        reader = opened
        return opened
    }

    /// On to the wanted member, or to the end.
    private func search(_ buffer: UnsafeMutableRawBufferPointer) throws {
        while let entry = try archive().next() {
            names.append(entry.name)
            guard names.count <= Self.mostEntries else { throw Self.wrong("holds more than \(Self.mostEntries) files", "Send the one file to load.") }
            guard entry.isFile, isWanted(entry.name) else { continue }
            guard !entry.isEncrypted else { throw Self.wrong("is protected by a password", "Send it without one, or encrypted with OpenPGP.") }
            guard !hasFound else { throw severalFiles() }
            hasFound = true
            phase = .inMember
            return
        }
        guard hasFound else { throw noFile() }
        phase = .ended
        try source.drain(buffer)
    }

    private func isWanted(_ name: String) -> Bool {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        guard let wanted else { return !name.hasPrefix("__MACOSX/") && !last.hasPrefix("._") }
        return FileNamePattern.matches(name, glob: wanted) || FileNamePattern.matches(last, glob: wanted)
    }

    private func severalFiles() -> ConnectError {
        Self.wrong(
            "holds several files\(wanted.map { " named like \"\($0)\"" } ?? ""): \(listed)", "Name the one to load in file.member.", .configuration)
    }

    private func noFile() -> ConnectError {
        guard let wanted else { return Self.wrong("holds no file", "Send it with the file in it.") }
        return Self.wrong("holds no file \"\(wanted)\"; it has: \(listed)", "Correct file.member.", .configuration)
    }

    private var listed: String { names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "") }

    /// A job that does not fit its file is the configuration's fault: the file stays for the corrected job (IMP-7).
    private static func wrong(_ what: String, _ remedy: String, _ category: ErrorCategory = .data) -> ConnectError {
        ConnectError("file.zip", category, "The zip file \(what).", remedy: "Nothing was loaded. \(remedy)")
    }
}

/// libarchive's reader over a byte source, for zip and nothing else: its other formats are where its defects have been.
private final class ArchiveReader {
    struct Entry {
        var name: String
        var isFile: Bool
        var isEncrypted: Bool
    }

    private let archive: OpaquePointer
    private let feed: Feed

    /// What libarchive's callback gets: where bytes come from, where they are put, and why they stopped coming.
    private final class Feed {
        let source: any ByteSource
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        var error: (any Error)?

        init(_ source: any ByteSource) { self.source = source }
        deinit { buffer.deallocate() }
    }

    init(_ source: any ByteSource) throws {
        guard let archive = archive_read_new() else {
            throw ConnectError(
                "memory", .transient, "libarchive could not be set up for the zip file: install it (Debian: libarchive13), or free some memory.")
        }
        self.archive = archive
        feed = Feed(source)
        archive_read_support_format_zip_streamable(archive)
        let client = Unmanaged.passUnretained(feed).toOpaque()
        let opened = archive_read_open2(
            archive, client, nil,
            { _, client, place in
                guard let client, let place else { return -1 }
                let feed = Unmanaged<Feed>.fromOpaque(client).takeUnretainedValue()
                do {
                    let count = try feed.source.read(into: feed.buffer)
                    place.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
                    return count
                } catch {
                    feed.error = error
                    return -1
                }
            }, nil, nil)
        guard opened == ARCHIVE_OK else { throw failure() }
    }

    deinit { archive_read_free(archive) }

    func next() throws -> Entry? {
        var entry: OpaquePointer?
        let result = archive_read_next_header(archive, &entry)
        if result == ARCHIVE_EOF { return nil }
        guard result >= ARCHIVE_WARN, let entry else { throw failure() }
        let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
        return Entry(
            name: name.map { String(cString: $0) } ?? "", isFile: archive_entry_filetype(entry) & 0o170000 == 0o100000,
            isEncrypted: archive_entry_is_encrypted(entry) != 0)
    }

    /// 0 at the end of the entry.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw failure() }
        return count
    }

    private func failure() -> any Error {
        if let error = feed.error { return error }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
        return ConnectError(
            "file.zip", .data, "The zip file cannot be read: \(reason).", remedy: "Nothing was loaded. Ask whoever made it to send it again.")
    }
}
