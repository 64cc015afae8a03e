import ConnectModel
import Foundation

/// One change of a ring: a copy of the private keys beside them, put in place file by file once the change is whole. Private keys that are
/// new come before the public ring that names them, and those that are gone go after it, so a crash in between leaves a usable ring.
final class KeyRingChange {
    let privateKeys: String
    private let directory: String
    private let draft: String
    private let lock: Int32

    /// Waits for another change to end. Makes the ring when there is none.
    init(_ directory: String) throws {
        self.directory = directory
        draft = directory + "/.change"
        privateKeys = draft + "/private-keys-v1.d"
        for path in [directory, directory + "/private-keys-v1.d"] where mkdir(path, 0o700) != 0 && errno != EEXIST { throw Self.error(path) }
        lock = open(directory + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.error(directory) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Self.error(directory) }
        }
        do {
            if FileManager.default.fileExists(atPath: draft) { try FileManager.default.removeItem(atPath: draft) }
            guard mkdir(draft, 0o700) == 0 else { throw Self.error(draft) }
            try FileManager.default.copyItem(atPath: directory + "/private-keys-v1.d", toPath: privateKeys)
        } catch {
            close(lock)
            throw error
        }
    }

    func commit(publicRing: String) throws {
        let place = directory + "/private-keys-v1.d"
        let before = Set(try FileManager.default.contentsOfDirectory(atPath: place))
        let now = Set(try FileManager.default.contentsOfDirectory(atPath: privateKeys))
        for name in now { try Self.move("\(privateKeys)/\(name)", to: "\(place)/\(name)") }
        if FileManager.default.fileExists(atPath: publicRing) {
            try FileManager.default.copyItem(atPath: publicRing, toPath: draft + "/pubring.kbx")
            try Self.move(draft + "/pubring.kbx", to: directory + "/pubring.kbx")
        }
        for name in before.subtracting(now) { try FileManager.default.removeItem(atPath: "\(place)/\(name)") }
    }

    func end() {
        // The next change removes what stays.
        try? FileManager.default.removeItem(atPath: draft)
        close(lock)
    }

    private static func move(_ from: String, to place: String) throws {
        let file = open(from, O_RDONLY | O_CLOEXEC)
        if file >= 0 {
            fsync(file)
            close(file)
        }
        guard rename(from, place) == 0 else { throw error(place) }
    }

    private static func error(_ path: String) -> ConnectError {
        ConnectError("key.unwritable", .configuration, "The key ring \(path) cannot be written: \(String(cString: strerror(errno))).")
    }
}
