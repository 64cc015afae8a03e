import CHostShims
import Foundation

/// What this process has and is, as the kernel and the C library tell it.
enum ProcessFacts {
    static var threads: Int { count("/proc/self/task") }
    static var descriptors: Int { count("/proc/self/fd") }

    /// Kilobytes in memory.
    static var residentKilobytes: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []  // no /proc: nothing to compare
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) / 1024 : 0
    }

    /// Bytes that were taken from the C library's heap and not given back.
    static var heapBytes: Int { Int(clamping: chs_heap_in_use()) }

    /// How long the body takes, without what this thread only waits for a processor that others use.
    static func duration(of body: () throws -> Void) rethrows -> Duration {
        let (start, waited) = (ContinuousClock.now, waitedForProcessor)
        try body()
        return ContinuousClock.now - start - (waitedForProcessor - waited)
    }

    /// The second number of /proc/thread-self/schedstat (Linux, Documentation/scheduler/sched-stats): nanoseconds this thread was ready and did not run.
    private static var waitedForProcessor: Duration {
        // Not kept by this kernel: then it has waited for nothing.
        let fields = (try? String(contentsOfFile: "/proc/thread-self/schedstat", encoding: .utf8))?.split(separator: " ") ?? []
        return .nanoseconds(fields.count > 1 ? Int64(fields[1]) ?? 0 : 0)
    }

    struct Snapshot {
        var directory: String
        var mask: mode_t
        var locale: String
        var signals: [(number: Int32, handler: UInt)]
        var descriptors: Int
    }

    static func snapshot() -> Snapshot {
        let mask = umask(0o077)
        umask(mask)
        let signals = [SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGCHLD, SIGALRM, SIGSEGV, SIGABRT, SIGUSR1, SIGUSR2].map {
            number -> (number: Int32, handler: UInt) in
            var action = sigaction()
            sigaction(number, nil, &action)
            return (number, UInt(bitPattern: unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)))
        }
        return Snapshot(
            directory: FileManager.default.currentDirectoryPath, mask: mask, locale: setlocale(LC_ALL, nil).map { String(cString: $0) } ?? "",
            signals: signals, descriptors: descriptors)
    }

    /// What goes to standard output while the body runs, up to 64 KiB.
    static func outputDuring(_ body: () throws -> Void) throws -> Data {
        fflush(nil)
        guard let file = tmpfile() else { throw CheckSkipped(sentence: "No temporary file could be made to catch the output.") }
        defer { fclose(file) }
        let kept = dup(1)
        dup2(fileno(file), 1)
        defer {
            dup2(kept, 1)
            close(kept)
        }
        try body()
        fflush(nil)
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = pread(fileno(file), &bytes, bytes.count, 0)
        return Data(bytes.prefix(max(count, 0)))
    }

    /// Entries of a directory of /proc, without the descriptor that the look itself takes.
    private static func count(_ directory: String) -> Int {
        guard let stream = opendir(directory) else { return 0 }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        return count
    }
}
