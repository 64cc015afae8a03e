import Foundation
import Synchronization

/// Named places at which a test may kill the process: `CONNECTHOST_FAILPOINT=run.applied` or `run.applied:3` for the third time.
/// Without the variable a failpoint is one comparison.
public enum Failpoint {
    private static let wanted: (name: String, hit: Int)? = {
        guard let text = ProcessInfo.processInfo.environment["CONNECTHOST_FAILPOINT"] else { return nil }
        let parts = text.split(separator: ":")
        guard let name = parts.first else { return nil }
        return (String(name), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()
    private static let counter = FailpointCounter()

    public static func hit(_ name: String) {
        guard let wanted, wanted.name == name, counter.next() == wanted.hit else { return }
        // SIGKILL and not a trap: nothing may be cleaned up on the way out.
        kill(getpid(), SIGKILL)
    }

    /// Every name, in the order of a run; the crash tests visit each.
    public static let runNames = [
        "run.claimed", "run.selected", "run.staged", "merge.begin", "merge.half", "run.rejects-written", "merge.before-commit",
        "merge.after-commit", "run.applied", "archive.before-rename", "archive.after-rename", "run.archived", "run.finished",
    ]
}

private final class FailpointCounter: Sendable {
    private let hits = Mutex(0)
    func next() -> Int {
        hits.withLock {
            $0 += 1
            return $0
        }
    }
}
