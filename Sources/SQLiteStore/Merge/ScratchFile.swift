import ConnectModel
import Foundation

/// A file without a name: whatever kills the process, nothing of it stays. Written once, then read from any place.
final class ScratchFile {
    let descriptor: Int32
    private let directory: String
    private let buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var flushed = 0

    init(directory: String, bufferSize: Int = 1 << 18) throws {
        self.directory = directory
        descriptor = try ScratchFile.open(in: directory)
        buffer = .allocate(byteCount: bufferSize, alignment: 64)
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Bytes written so far.
    var count: Int { flushed + filled }

    @inline(__always)
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        guard let source = bytes.baseAddress else { return }
        if bytes.count > buffer.count - filled {
            try flush()
            if bytes.count > buffer.count { return try write(bytes) }
        }
        if let target = buffer.baseAddress { (target + filled).copyMemory(from: source, byteCount: bytes.count) }
        filled += bytes.count
    }

    func flush() throws {
        let part = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        filled = 0
        try write(part)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let written = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(flushed))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw AudienceStoreError.system(written == 0 ? ENOSPC : errno, "written", "a work file in " + directory) }
            done += written
            flushed += written
        }
    }

    private static func open(in directory: String) throws -> Int32 {
        let unnamed = Foundation.open(directory, O_TMPFILE_FLAGS, 0o600)
        if unnamed >= 0 { return unnamed }
        // Not every file system has files without names: take the name away at once.
        var template = Array((directory + "/load-XXXXXX").utf8CString)
        let named = mkstemp(&template)
        guard named >= 0 else { throw AudienceStoreError.system(errno, "created", "a work file in " + directory) }
        unlink(template)
        _ = fcntl(named, F_SETFD, FD_CLOEXEC)
        return named
    }

    /// O_TMPFILE | O_RDWR | O_CLOEXEC; Glibc's macro is not seen by Swift.
    private static let O_TMPFILE_FLAGS: Int32 = 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC
}

/// Reads a scratch file from one place on. Used by one thread; several may read one file.
final class ScratchReader {
    private let file: ScratchFile
    private let end: Int
    private var position: Int
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var filled = 0

    /// Reads `range` of a flushed file.
    init(_ file: ScratchFile, range: Range<Int>, bufferSize: Int = 1 << 16) {
        self.file = file
        position = range.lowerBound
        end = range.upperBound
        buffer = .allocate(byteCount: bufferSize, alignment: 64)
    }

    deinit { buffer.deallocate() }

    var isAtEnd: Bool { start == filled && position == end }

    /// The next `count` bytes in one piece, valid until the next call; nil when there are fewer.
    @inline(__always)
    func take(_ count: Int) throws -> UnsafeRawPointer? {
        if filled - start < count {
            guard try refill(count) else { return nil }
        }
        defer { start += count }
        return buffer.baseAddress.map { UnsafeRawPointer($0 + start) }
    }

    /// Makes the last `count` bytes taken the next ones again.
    @inline(__always)
    func back(_ count: Int) { start -= count }

    private func refill(_ count: Int) throws -> Bool {
        let rest = filled - start
        if count > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count * 2, alignment: 64)
            if let target = larger.baseAddress, let source = buffer.baseAddress { target.copyMemory(from: source + start, byteCount: rest) }
            buffer.deallocate()
            buffer = larger
        } else if let base = buffer.baseAddress, rest > 0 {
            memmove(base, base + start, rest)
        }
        start = 0
        filled = rest
        while filled < count, position < end {
            let got = pread(file.descriptor, buffer.baseAddress.map { $0 + filled }, min(buffer.count - filled, end - position), off_t(position))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw AudienceStoreError.system(got == 0 ? EIO : errno, "read", "a work file") }
            filled += got
            position += got
        }
        return filled >= count
    }
}
