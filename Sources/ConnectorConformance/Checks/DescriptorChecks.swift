import ConnectModel
import Foundation
import PluginABI

/// What a connector says of itself.
enum DescriptorChecks {
    static let all: [ConformanceCheck] = [identity, features, extensions]

    private static let identity = ConformanceCheck("descriptor.identity", "It has an id, a name, a version and a summary", need: .description) {
        context in
        let info = context.request.connector
        context.expect(
            info.id.wholeMatch(of: /[a-z0-9-]+(\.[a-z0-9-]+){2,}/) != nil,
            "The id \"\(info.id)\" is not a reverse domain name of three parts or more, such as com.example.\(info.kind.rawValue).")
        context.expect(info.name != info.id && !info.name.isEmpty, "It has no name. Set descriptor.name to what people call it.")
        context.expect(
            info.version.wholeMatch(of: /\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?/) != nil,
            "Its version \"\(info.version)\" is not one of semantic versioning, such as 1.0.0.")
        context.expect(!info.summary.isEmpty, "It has no summary. Set descriptor.summary to one line that says what it does.")
        context.expect(!info.summary.contains("\n"), "Its summary has several lines; lists of connectors show one.")
        if info.vendor.isEmpty { context.warn("It names no vendor. Set descriptor.vendor, so that people know whom they trust.") }
        if info.license.isEmpty { context.warn("It names no licence. Set descriptor.license to an SPDX id, such as Apache-2.0.") }
        for alias in info.aliases where alias.wholeMatch(of: /[a-z0-9][a-z0-9.-]*/) == nil {
            context.fail("The alias \"\(alias)\" is not made of a-z, 0-9, dots and dashes, so nobody can write it in a job file.")
        }
    }

    private static let features = ConformanceCheck("descriptor.features", "It claims only features of its kind", need: .description) { context in
        let info = context.request.connector
        let known: UInt64 =
            switch info.kind {
            case .transport: 0x1FF
            case .source: 0x7
            case .job: 0x7F
            }
        context.expect(
            info.features & ~known == 0,
            "Its features have bits that mean nothing for a \(info.kind.rawValue) (0x\(String(info.features & ~known, radix: 16))). Set those of the header only."
        )
    }

    private static let extensions = ConformanceCheck("descriptor.extensions", "It answers NULL for an extension it does not know", need: .file) {
        context in
        let connector = try context.connector()
        guard let ask = connector.raw.pointee.extension else { return }
        for id in ["", "connecthost.peer_identity/999", "connecthost.peer_identity/1x", "com.example.nobody.knows/1"] {
            context.doing("asking for the extension \"\(id)\"")
            context.expect(
                ask(id) == nil, "It gave a table for the extension \"\(id)\", which nobody defined. Compare the whole id and return NULL for others.")
        }
    }
}
