import Foundation

/// Connectors that a test builds with the C compiler and the public header alone, as their authors do (CON-8).
public enum CompiledConnector {
    /// The repository's root.
    public static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL.path
    public static let headers = root + "/Sources/PluginABI/include"
    public static let fixtures = root + "/Tests/ConnectorTests/Fixtures"

    /// Builds a C source into `target`, readable by all and writable by its owner. `source` is relative to the repository.
    @discardableResult
    public static func build(_ source: String, into target: String, headers: String = headers, _ options: String...) throws -> String {
        let all = ["-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", "-I" + headers, "-o", target, root + "/" + source] + options
        let result = try ChildRun("cc", all).wait()
        guard result.status == 0 else { throw TestFailure("cc \(all.joined(separator: " ")): \(result.errors)") }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target)
        return target
    }

    /// Builds an example with its own Makefile into `directory` and returns the file.
    public static func buildExample(_ name: String, into directory: String) throws -> String {
        let copy = directory + "/" + name
        try FileManager.default.copyItem(atPath: root + "/Examples/" + name, toPath: copy)
        for left in try FileManager.default.contentsOfDirectory(atPath: copy) where left.hasSuffix(".so") {
            try FileManager.default.removeItem(atPath: copy + "/" + left)
        }
        let result = try ChildRun("make", ["-s", "-C", copy, "HEADERS=" + headers, "CFLAGS=-O1 -Wall -Wextra -pedantic -Werror"]).wait()
        guard result.status == 0 else { throw TestFailure("make in \(copy): \(result.errors)") }
        guard let built = try FileManager.default.contentsOfDirectory(atPath: copy).first(where: { $0.hasSuffix(".so") }) else {
            throw TestFailure("make in \(copy) built nothing")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: copy + "/" + built)
        return copy + "/" + built
    }
}
