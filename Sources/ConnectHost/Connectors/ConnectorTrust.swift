import ConnectModel
import Foundation
import RunEngine

/// Whether a file may be loaded at all (CON-7): who could have changed it, and whether the directory's lock file names it.
struct ConnectorTrust {
    /// What `connectors.lock` of a directory says. One that cannot be read lets nothing in.
    private enum Lock {
        case none
        case unreadable(String)
        case sums(Set<String>)
    }

    private let lock: Lock

    /// Reads the lock file of a directory: lines "sha256  name", as sha256sum prints them.
    init(lockFile: String) {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: lockFile))
            lock = .sums(ConnectorLock(data).sums)
        } catch CocoaError.fileReadNoSuchFile {
            lock = .none
        } catch {
            lock = .unreadable((error as NSError).localizedDescription)
        }
    }

    /// Why the file is refused, or nil. `path` is free of links.
    func refusal(of path: String) -> String? {
        do {
            _ = try FileTrust(path)
        } catch {
            return (error as? ConnectError)?.message ?? "\(error)"
        }
        switch lock {
        case .none: return nil
        case .unreadable(let reason):
            return "cannot be compared with connectors.lock, which cannot be read (\(reason)): make it readable or remove it"
        case .sums(let sums):
            if sums.contains(ConnectorLock.sum(of: path)) { return nil }
            return "is not in the list of allowed connectors (connectors.lock): add the line that `sha256sum \(path)` prints, if you trust it"
        }
    }
}
