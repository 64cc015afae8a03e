import ConnectModel
import Foundation

/// Waits until nobody writes to a file any more: its size and time have not changed for a while.
struct SettledFile {
    let transport: any Transport
    let environment: RunEnvironment
    let quietSeconds: Int64

    /// More than this and the file is not being delivered but is some log; the run ends and the next one looks again.
    private static let mostQuietPeriods: Int64 = 60

    /// The file as it is once it is quiet. Throws `file.growing` (transient) when it never is.
    func wait(for file: SourceFile) throws -> SourceFile {
        guard quietSeconds > 0 else { return file }
        // A time long past needs no waiting, if this machine and the server agree on what time it is.
        if let modified = file.modifiedUnixNanoseconds, modified / 1_000_000 + quietSeconds * 1000 < environment.clock() { return file }
        environment.reporter.log(.info, "Waiting until \"\(file.path)\" has not changed for \(quietSeconds) s (file.settle_seconds).")
        var seen = file
        for _ in 0..<Self.mostQuietPeriods {
            try environment.cancellation.wait(milliseconds: quietSeconds * 1000)
            let now = try transport.stat(file.path)
            if now.size ?? -1 == seen.size && now.modifiedUnixNanoseconds == seen.modifiedUnixNanoseconds { return seen }
            seen.size = now.size ?? -1
            seen.modifiedUnixNanoseconds = now.modifiedUnixNanoseconds
        }
        throw ConnectError(
            "file.growing", .transient, "\"\(file.path)\" on \"\(file.server)\" keeps changing.",
            remedy: "Nothing was loaded; the next run looks again.")
    }
}
