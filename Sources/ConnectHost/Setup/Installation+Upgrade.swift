import ConnectModel
import Foundation
public import RunEngine

extension Installation {
    /// Throws `home.in-use` while a server, a run or a delivery goes on in the home. Asked before tables of an older version are changed: whatever goes
    /// on then is of that version, and would not write what newer tables hold.
    public static func requireUnused(_ home: HomeLayout) throws {
        let runs = home.root + "/runs"
        let names = try FileManager.default.contentsOfDirectory(atPath: runs)
        for directory in [home.server, home.outbox] + names.map({ "\(runs)/\($0)" }) where RunLock.isHeld(directory: directory) {
            let holder = RunLock.holder(directory: directory).map { " (process \($0))" } ?? ""
            throw ConnectError(
                "home.in-use", .configuration, "The home \(home.root) is of an earlier version, and that version is still at work in it\(holder).",
                remedy: "Nothing was changed. Stop its server, wait until its runs have ended, and try again.")
        }
    }
}
