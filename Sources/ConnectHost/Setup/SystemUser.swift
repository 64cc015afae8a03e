import Foundation

/// Who runs this process, as the audit log names them.
public enum SystemUser {
    /// "ann (1000)"; behind sudo also the one who called it: "root (0) for ann".
    public static var current: String {
        let id = getuid()
        let name = getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "unknown"
        let caller = id == 0 ? ProcessInfo.processInfo.environment["SUDO_USER"] : nil
        return "\(name) (\(id))" + (caller.map { " for \($0)" } ?? "")
    }
}
