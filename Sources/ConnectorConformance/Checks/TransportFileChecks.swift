import ConnectModel
import Foundation
import PluginABI

/// Reading and writing the files of a transport.
enum TransportFileChecks {
    static let all: [ConformanceCheck] = [
        roundTrip, shortReads, shortWrites, seek, append, largeOffsets, sparse, modified, abort, visibility, closedInTheMiddle,
    ]

    private static func check(
        _ id: String, _ title: String, timeLimit: Int = 30, _ body: @escaping @Sendable (CheckContext, Workspace) throws -> Void
    )
        -> ConformanceCheck
    {
        ConformanceCheck("transport." + id, title, kinds: [.transport], need: .connection, timeLimit: timeLimit) { context in
            try body(context, context.workspace().1)
        }
    }

    private static let roundTrip = check("round-trip", "What is written is read again, byte for byte, whatever its size", timeLimit: 60) {
        context, space in
        for size in [0, 1, 4095, 4096, 4097, (1 << 20) + 1] {
            context.doing("writing and reading \(size) bytes")
            let bytes = Pattern.bytes(size, seed: UInt64(size) + 1)
            try space.write("size-\(size)", bytes)
            try space.expect("size-\(size)", holds: bytes, context, "A file of \(size) bytes, written and read,")
        }
        try space.write("size-4097", [1, 2, 3])
        try space.expect("size-4097", holds: [1, 2, 3], context, "A file written again with less in it")
    }

    private static let shortReads = check("short-reads", "It reads into buffers of every size", timeLimit: 60) { context, space in
        let bytes = Pattern.bytes(70_001)
        try space.write("short", bytes)
        for capacity in [1021, 4096, 65537, 1 << 20] {
            context.doing("reading with a buffer of \(capacity) bytes")
            try space.expect("short", holds: bytes, capacity: capacity, context, "A file read with a buffer of \(capacity) bytes")
        }
        try space.write("tiny", Array(bytes.prefix(97)))
        for capacity in [1, 7] {
            context.doing("reading with a buffer of \(capacity) bytes")
            try space.expect("tiny", holds: Array(bytes.prefix(97)), capacity: capacity, context, "A file read with a buffer of \(capacity) bytes")
        }
    }

    private static let shortWrites = check("short-writes", "It takes pieces of every size", timeLimit: 60) { context, space in
        for (size, chunk) in [(97, 1), (5003, 13), (70_001, 8191), (300_001, 300_001)] {
            context.doing("writing \(size) bytes in pieces of \(chunk)")
            let bytes = Pattern.bytes(size, seed: UInt64(chunk))
            try space.write("pieces-\(chunk)", bytes, chunk: chunk)
            try space.expect("pieces-\(chunk)", holds: bytes, context, "A file written in pieces of \(chunk) bytes")
        }
    }

    private static let seek = check("seek", "It reads from an offset where it says that it can") { context, space in
        guard context.has(1 << 2) else { throw CheckSkipped(sentence: "It does not claim CH_TF_SEEK_READ.") }
        let bytes = Pattern.bytes(10_000)
        try space.write("seek", bytes)
        for offset in [1, 4096, 9999, 10_000] {
            context.doing("reading from byte \(offset)")
            let found = try space.read("seek", offset: Int64(offset))
            context.expect(
                found == Array(bytes[offset...]),
                "Reading from byte \(offset) of 10000 gave \(found.count) bytes\(found.count == 10_000 - offset ? " that are others" : " instead of \(10_000 - offset)")."
            )
        }
    }

    private static let append = check("append", "It goes on with a file where it says that it can") { context, space in
        guard context.has(1 << 1) else { throw CheckSkipped(sentence: "It does not claim CH_TF_APPEND.") }
        let bytes = Pattern.bytes(9000)
        try space.write("append", Array(bytes.prefix(5000)))
        try space.write("append", Array(bytes.dropFirst(5000)), offset: 5000)
        try space.expect("append", holds: bytes, context, "A file gone on with")
        let cutsBack = context.has(1 << 8)
        if cutsBack {
            let other = Pattern.bytes(4000, seed: 2)
            context.doing("going on at byte 5000 of 9000")
            try space.write("append", other, offset: 5000)
            try space.expect("append", holds: Array(bytes.prefix(5000)) + other, context, "A file that was cut at byte 5000 and gone on with")
            try space.write("append", bytes[3000...].map { $0 }, offset: 3000)
        }
        for offset in cutsBack ? [9001] : [1, 8999, 9001] as [Int64] {
            context.doing("going on at byte \(offset) of 9000")
            let (status, file) = space.session.openWrite(space.path("append"), offset: offset)
            file?.abort()
            context.expect(
                status == CH_E_DATA,
                "open_write at byte \(offset) of a file with 9000 returned \(StatusName.of(status)); it is CH_E_DATA, because the file is not the one that was begun."
            )
        }
        try space.expect("append", holds: bytes, context, "A file after refused attempts to go on with it")
        let (status, file) = space.session.openWrite(space.path("append-nothing"), offset: 5)
        file?.abort()
        context.expect(status < 0, "open_write at byte 5 of a file that is not there succeeded.")
        context.expect(
            space.session.stat(space.path("append-nothing")).status == CH_E_NOT_FOUND, "open_write at byte 5 of a file that is not there made it.")
        let (again, begun) = space.session.openWrite(space.path("append"), offset: 9000)
        if let begun {
            _ = begun.write([1, 2, 3])
            begun.abort()
            context.expect(
                space.session.stat(space.path("append")).status == CH_OK,
                "abort of a write that went on with a file removed the file; what was there before stays.")
        } else {
            context.fail("open_write at the end of a file failed with \(StatusName.of(again)) \(space.session.call.words).")
        }
    }

    private static let largeOffsets = check("large-offsets", "Offsets have 64 bits") { context, space in
        let bytes = Pattern.bytes(100)
        try space.write("large", bytes)
        for offset in [Int64(1) << 32, (Int64(1) << 32) + 10, (Int64(1) << 31) + 10] where context.has(1 << 2) {
            context.doing("reading from byte \(offset) of 100")
            let (status, file) = space.session.openRead(space.path("large"), offset: offset)
            guard let file else {
                context.expect(status < 0, "open_read far behind the end gave neither a file nor a status.")
                continue
            }
            let count = file.read(50).count
            file.abort()
            context.expect(count <= 0, "Reading from byte \(offset) of a file with 100 bytes gave \(count) bytes: the offset was cut to 32 bits.")
        }
        if context.has(1 << 1) {
            context.doing("going on at byte 4294967396 of 100")
            let (status, file) = space.session.openWrite(space.path("large"), offset: (Int64(1) << 32) + 100)
            file?.abort()
            context.expect(status < 0, "open_write went on at byte 4294967396 of a file with 100 bytes: the offset was cut to 32 bits.")
            try space.expect("large", holds: bytes, context, "A file after a refused attempt to go on with it")
        }
    }

    private static let sparse = check("large-files", "Sizes above 4 GiB are told and read, where the files lie on this machine") { context, space in
        try space.write("sparse", [1])
        let places = context.request.settings.values.compactMap(\.stringValue).filter { $0.hasPrefix("/") }
            .map { $0 + "/" + space.path("sparse") }
        guard let place = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw CheckSkipped(sentence: "Its files do not lie below a directory of this machine that a setting names.")
        }
        let size = (Int64(5) << 30) + 3
        guard truncate(place, off_t(size)) == 0 else { throw CheckSkipped(sentence: "No sparse file of 5 GiB can be made there.") }
        let (status, entries) = space.session.stat(space.path("sparse"))
        context.expect(status == CH_OK && entries.first?.size == size, "stat tells a file of \(size) bytes as \(entries.first?.size ?? -1).")
        guard context.has(1 << 2) else { return }
        let end = try space.read("sparse", offset: size - 2, limit: 1 << 20)
        context.expect(end.count == 2, "Reading the last 2 bytes of a file of \(size) gave \(end.count).")
    }

    private static let modified = check("modified", "commit sets the time of modification where it says that it can") { context, space in
        guard context.has(1 << 3) else { throw CheckSkipped(sentence: "It does not claim CH_TF_SET_MTIME.") }
        let time: Int64 = 1_600_000_000_000_000_000
        try space.write("modified", [1, 2, 3], modified: time)
        let found = space.session.stat(space.path("modified")).entries.first?.modified ?? .min
        let isClose = found > time - 2_000_000_000 && found < time + 2_000_000_000
        context.expect(
            isClose, "commit was given the time \(time) and stat tells \(found == .min ? "none" : "\(found)"), in nanoseconds since 1970 UTC.")
    }

    private static let abort = check("abort", "An aborted write leaves nothing under its name") { context, space in
        for (name, pieces) in [("abort-empty", 0), ("abort-some", 1), ("abort-more", 20)] {
            context.doing("abort after \(pieces) writes")
            let (status, file) = space.session.openWrite(space.path(name))
            guard let file else { throw CheckFailure(sentence: "open_write failed with \(StatusName.of(status)) \(space.session.call.words).") }
            for _ in 0..<pieces { _ = file.write(Pattern.bytes(10_000)[...]) }
            file.abort()
            context.expect(
                space.session.stat(space.path(name)).status == CH_E_NOT_FOUND,
                "After abort, with \(pieces) writes before it, something is there under the name. Remove what open_write has made.")
        }
        let left = space.session.list(space.directory).entries.filter { $0.path.contains("abort-") }
        context.expect(left.isEmpty, "Aborted writes left \(left.map(\.path).joined(separator: ", ")).")
        context.doing("abort(NULL)")
        space.session.table.pointee.abort(nil)
    }

    private static let visibility = check("visibility", "A file appears with commit, where it does not say otherwise") { context, space in
        guard !context.has(1 << 6) else {
            throw CheckSkipped(sentence: "It claims CH_TF_PARTIAL_VIS: hosts write under another name and rename.")
        }
        let watcher = space.through(try context.open(context.connector()))
        let (status, file) = space.session.openWrite(space.path("seen"))
        guard let file else { throw CheckFailure(sentence: "open_write failed with \(StatusName.of(status)) \(space.session.call.words).") }
        _ = file.write(Pattern.bytes(100_000)[...])
        context.expect(
            watcher.session.stat(space.path("seen")).status == CH_E_NOT_FOUND,
            "A file that is being written is there for others before commit. Write under another name, or claim CH_TF_PARTIAL_VIS.")
        context.expect(file.commit() == CH_OK, "commit failed \(space.session.call.words).")
        context.expect(watcher.session.stat(space.path("seen")).status == CH_OK, "A file is not there after commit.")
    }

    private static let closedInTheMiddle = check("half-read", "A file can be ended in the middle of a read") { context, space in
        let bytes = Pattern.bytes(2 << 20)
        try space.write("half", bytes)
        for _ in 0..<3 {
            let (status, file) = space.session.openRead(space.path("half"))
            guard let file else { throw CheckFailure(sentence: "open_read failed with \(StatusName.of(status)) \(space.session.call.words).") }
            context.expect(file.read(1000).count > 0, "The first read of a file with bytes in it gave none.")
            file.abort()
        }
        context.expect(space.session.stat(space.path("half")).status == CH_OK, "abort of a file that was read removed it.")
        try space.expect("half", holds: bytes, context, "A file read after others were ended in the middle")
    }
}
