import Foundation

/// A project of `connectors new` in a directory of its own, worked on the way its author works.
public struct AuthoredConnector: Sendable {
    public let name: String
    public let directory: String
    public var library: String { "\(directory)/\(name).so" }
    private let environment: [String: String]

    /// `place` is empty; the project and a `bin` with the program in it come below it. `home` is where `make install` puts the library.
    public init(_ name: String, kind: String, language: String, in place: TemporaryDirectory, home: String? = nil) throws {
        self.name = name
        directory = "\(place.path)/\(name)"
        let programs = place.path + "/bin"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: programs + "/connecthost") {
            try FileManager.default.createSymbolicLink(atPath: programs + "/connecthost", withDestinationPath: Installation.program)
        }
        environment = [
            "PATH": programs + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
            "CONNECTHOST_HOME": home ?? place.path + "/home",
        ]
        try run("cd '\(place.path)' && connecthost connectors new \(name) --kind \(kind) --language \(language)")
    }

    /// Runs a line of the shell as its author would, and returns what was printed. A failure is one of the test.
    @discardableResult
    public func run(_ line: String) throws -> String {
        let result = try ChildRun("bash", ["-e", "-c", line], environment: environment).wait()
        guard result.status == 0 else { throw TestFailure("\(line)\nended with \(result.status):\n\(result.output)\n\(result.errors)") }
        return result.output + result.errors
    }

    /// The same in the project's directory.
    @discardableResult
    public func inside(_ line: String) throws -> String { try run("cd '\(directory)'\n\(line)") }

    /// Builds it and returns the library.
    @discardableResult
    public func build() throws -> String {
        try inside("make")
        return library
    }

    /// Every line of the shell blocks in its README.
    public func readMeCommands() throws -> String {
        let text = try String(contentsOfFile: directory + "/README.md", encoding: .utf8)
        let blocks = text.components(separatedBy: "```sh\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
        return blocks.joined()
    }
}

/// Programs that not every machine has.
public enum Toolchain {
    public static let hasRust = has("rustc")

    private static func has(_ program: String) -> Bool {
        ((try? ChildRun("bash", ["-c", "command -v \(program)"]).wait().status) ?? 1) == 0
    }
}
