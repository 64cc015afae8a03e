import Foundation

/// The built connectors, copied once to a directory that the loader trusts whatever the build directory's rights are; and what the program found in
/// them, so that not every home of every test looks at all of them again. Both go when the tests end.
enum BuiltConnectors {
    static var directory: String { copies.path + "/connectors" }

    /// Puts what is known of the connectors into a home that is about to be made.
    static func remember(in home: String) throws {
        guard let known else { return }
        try FileManager.default.createDirectory(
            atPath: home + "/cache", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try known.write(to: URL(fileURLWithPath: home + "/cache/connectors.json"))
    }

    private static let copies: TemporaryDirectory = {
        do {
            let directory = try TemporaryDirectory()
            let target = directory.path + "/connectors"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            let isConnector = { (name: String) in
                name.hasPrefix("lib") && ["Transport.so", "Source.so", "Import.so", "Feeds.so"].contains(where: name.hasSuffix)
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: Installation.buildDirectory) where isConnector(name) {
                try FileManager.default.copyItem(atPath: Installation.buildDirectory + "/" + name, toPath: target + "/" + name)
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target + "/" + name)
            }
            atexit { try? FileManager.default.removeItem(atPath: BuiltConnectors.copies.path) }
            return directory
        } catch {
            // Without connectors no test can begin, and each would say so less plainly.
            fatalError("the connectors cannot be copied: \(error)")
        }
    }()

    /// The cache of a home that has looked at them once.
    private static let known: Data? = {
        let home = copies.path + "/home"
        let arguments = ["init", "--home", home, "--connectors", directory]
        guard let result = try? ChildRun(Installation.program, arguments).wait(), result.status == 0 else { return nil }
        return FileManager.default.contents(atPath: home + "/cache/connectors.json")
    }()
}
