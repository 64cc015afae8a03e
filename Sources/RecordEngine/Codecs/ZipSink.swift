import CArchive
import ConnectModel

/// A zip archive with one file in it, written from front to back (Zip64 where it needs to be, so of any size). One thread at a time.
public final class ZipSink: ByteSink {
    private let archive: OpaquePointer
    private let target: Target

    /// What libarchive's callback gets: where bytes go, and why they could not.
    private final class Target {
        let sink: any ByteSink
        var error: (any Error)?

        init(_ sink: any ByteSink) { self.sink = sink }
    }

    /// `name` is what the file is called in the archive, `modified` its time in seconds since 1970.
    public init(_ sink: any ByteSink, name: String, modified: Int64) throws {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw ConnectError(
                "memory", .transient, "libarchive could not be set up for the zip file: install it (Debian: libarchive13), or free some memory.")
        }
        defer { archive_entry_free(entry) }
        self.archive = archive
        target = Target(sink)
        try check(archive_write_set_format_zip(archive))
        // libarchive compresses with zlib, whose level 6 takes three times as long for a few percent.
        try check(archive_write_set_options(archive, "zip:compression=deflate,zip:compression-level=1,zip:hdrcharset=UTF-8"))
        archive_write_set_bytes_per_block(archive, 256 << 10)
        archive_write_set_bytes_in_last_block(archive, 1)
        try open()
        archive_entry_set_pathname_utf8(entry, name)
        archive_entry_set_filetype(entry, UInt32(0o100000))
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, Int(modified), 0)
        try check(archive_write_header(archive, entry))
    }

    deinit { archive_write_free(archive) }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = archive_write_data(archive, rest.baseAddress, rest.count)
            guard written > 0 else { throw failure() }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    public func finish() throws {
        try check(archive_write_close(archive))
        try target.sink.finish()
    }

    private func open() throws {
        let client = Unmanaged.passUnretained(target).toOpaque()
        try check(
            archive_write_open(
                archive, client, nil,
                { _, client, bytes, count in
                    guard let client else { return -1 }
                    let target = Unmanaged<Target>.fromOpaque(client).takeUnretainedValue()
                    // Freeing an archive that failed would write its directory; nobody wants that any more.
                    guard target.error == nil else { return -1 }
                    do {
                        try target.sink.write(UnsafeRawBufferPointer(start: bytes, count: count))
                        return count
                    } catch {
                        target.error = error
                        return -1
                    }
                }, nil))
    }

    private func check(_ result: Int32) throws {
        guard result >= ARCHIVE_WARN else { throw failure() }
    }

    private func failure() -> any Error {
        if let error = target.error { return error }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
        return ConnectError("export.zip", .internal, "The zip file cannot be written: \(reason).")
    }
}
