import ConnectModel
import Foundation
public import RunEngine
import StoreAPI

extension Installation {
    /// Makes the directories and the key of a new home; both databases are made when they are opened. Safe to repeat.
    public static func prepareHome(_ home: HomeLayout) throws {
        let directories = [home.root, home.connectors, home.root + "/cache", home.root + "/runs", home.files]
        let embedded = ["upload", "download", "archive"].map { home.files + "/" + $0 }
        for directory in directories + embedded {
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw ConnectError(
                    "home.unwritable", .configuration, "The directory \(directory) cannot be made: \(error.localizedDescription)",
                    remedy: "Choose another home with --home, or give yourself the right to write there.")
            }
        }
        if case .file(let path) = SealingKeySource.find(home: home.secretKey, ProcessInfo.processInfo.environment) {
            try SealingKeyFile.create(at: path)
        }
    }

    /// Adds the account's own file server on the embedded directories (FS-4), once. The connector that offers itself for this says so by the
    /// alias `embedded`; returns false when none does.
    public func addEmbeddedServer() throws -> Bool {
        if try control.server(named: FileServer.embeddedName) != nil { return true }
        guard let found = try? catalog.connector("embedded") else { return false }
        try control.save(FileServer(name: FileServer.embeddedName, connector: found.info.id, settings: ["directory": .string(home.files)]))
        return true
    }
}
