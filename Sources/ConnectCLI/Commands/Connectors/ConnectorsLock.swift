import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RunEngine

struct ConnectorsLock: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Allow the connectors that are in a directory now, and no others.",
        discussion: """
            Writes their SHA-256 sums to connectors.lock there. From then on a file that is new or changed is refused until this is run again.

            Example: connecthost connectors lock
            """)
    @Argument(help: "The directory (default: that of the installation).") var directory: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let place = host.connectorDirectory(directory)
        // A directory that belongs to no installation yet may be locked too.
        let files = try host.layout.isInitialised ? host.open().lockConnectors(in: place) : ConnectorLock.refresh(place)
        let counts = files.count { $0.state != .missing }
        let text = (files.map(Self.line) + ["\(counts) \(counts == 1 ? "file is" : "files are") allowed in \(place)."]).joined(separator: "\n")
        try Output(output).show(LockReport(directory: place, files: files), text: text)
    }

    /// What the new list says that the old one did not.
    private static func line(_ file: LockedFile) -> String {
        switch file.state {
        case .allowed: "as before  \(file.file)"
        case .changed: "changed    \(file.file)"
        case .unlisted: "added      \(file.file)"
        case .missing: "removed    \(file.file)"
        }
    }
}

struct ConnectorsVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare the connectors of a directory with its connectors.lock.",
        discussion: """
            A file is allowed, changed, unlisted, or missing. Exit code 3 when there is anything but allowed ones.

            Example: connecthost connectors verify
            """)
    @Argument(help: "The directory (default: that of the installation).") var directory: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let place = host.connectorDirectory(directory)
        let files = try ConnectorLock.verify(place)
        try Output(output).show(LockReport(directory: place, files: files), text: Self.text(files, place))
        if files.contains(where: { $0.state != .allowed }) { throw ExitCode(ExitStatus.configuration.rawValue) }
    }

    private static func text(_ files: [LockedFile], _ place: String) -> String {
        guard !files.isEmpty else { return "\(place) has no connectors, and its list allows none." }
        var table = Table(["STATE", "FILE", "SHA-256"])
        for file in files { table.add([file.state.rawValue, file.file, file.sha256]) }
        return table.text
    }
}

private struct LockReport: Encodable {
    var directory: String
    var files: [LockedFile]
}

extension HostOptions {
    fileprivate func connectorDirectory(_ given: String?) -> String {
        URL(fileURLWithPath: given ?? layout.connectors).standardizedFileURL.path
    }
}
