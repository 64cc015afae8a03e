import Foundation

/// Keeps what a connector prints away from the descriptor on which this process answers. A line that a connector has begun would
/// otherwise swallow the answer that follows it.
public enum StandardOutput {
    /// From now on descriptor 1, and with it `print` and `printf`, goes to standard error. Returns a close-on-exec descriptor of what
    /// it was, for the answers; the caller owns it. -1 when there is none to be had.
    public static func takeOver() -> Int32 {
        fflush(nil)
        let kept = fcntl(1, F_DUPFD_CLOEXEC, 3)
        if kept >= 0 { dup2(2, 1) }
        return kept
    }
}
