import Foundation

/// What time it is. For tests the environment variable `CONNECTHOST_CLOCK_SHIFT` may name a file with a number of seconds by which the clock goes
/// before or after the machine's; it is read each time, so that a test can set the clock of a running process. Without it that is one comparison.
public enum ShiftedClock {
    private static let file = ProcessInfo.processInfo.environment["CONNECTHOST_CLOCK_SHIFT"]

    /// Milliseconds since 1970 UTC.
    @Sendable public static func now() -> Int64 {
        let machine = Int64(Date().timeIntervalSince1970 * 1000)
        guard let file, let text = FileManager.default.contents(atPath: file) else { return machine }
        return machine + 1000 * (Int64(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0)
    }
}
