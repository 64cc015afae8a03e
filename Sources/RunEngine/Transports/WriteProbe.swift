public import ConnectModel
import Foundation

/// The last steps of a connection test: a small file is written, renamed, looked at and removed again (FS-6).
public struct WriteProbe {
    private let transport: any Transport
    private let report: (ConnectionStep) -> Void

    public init(_ transport: any Transport, report: @escaping (ConnectionStep) -> Void) {
        self.transport = transport
        self.report = report
    }

    /// Tries it in `directory`, "" for the server's own. A directory that this log-in may only read is told and is no failure,
    /// because files may well be only taken from it; anything else that fails is thrown after its step was reported.
    public func run(in directory: String) throws {
        let prefix = directory.isEmpty ? "" : directory + "/"
        let name = prefix + ".connecthost-test-\(UUID().uuidString.lowercased())"
        do {
            try step("write", name) { try write(name + ".part") }
        } catch let error as ConnectError where Self.isReadOnly(error) {
            report(
                ConnectionStep(
                    name: "write", succeeded: true, milliseconds: 0,
                    message: "not allowed here, so files can be read but not archived, deleted or exported (\(error.message))"))
            return
        }
        do {
            try step("rename", "") { try transport.rename(name + ".part", to: name, replace: false) }
        } catch {
            try? transport.remove(name + ".part")
            throw error
        }
        try step("delete", "") { try transport.remove(name) }
    }

    private static func isReadOnly(_ error: ConnectError) -> Bool { ["file.permission", "transport.unsupported"].contains(error.code) }

    private func write(_ path: String) throws {
        let bytes = Array("A test of the connection; it can be deleted.\n".utf8)
        let writer = try transport.openWrite(path, offset: 0, expectedSize: Int64(bytes.count))
        do {
            try bytes.withUnsafeBytes { try writer.write($0) }
            try writer.commit(modifiedUnixNanoseconds: nil)
        } catch {
            writer.abort()
            throw error
        }
        guard let size = try transport.stat(path).size, size != bytes.count else { return }
        throw ConnectError("transfer.size", .transient, "A file of \(bytes.count) bytes has \(size) after it was written.")
    }

    private func step(_ name: String, _ message: String, _ body: () throws -> Void) throws {
        let clock = ContinuousClock()
        let started = clock.now
        func milliseconds() -> Double {
            Double((clock.now - started).components.attoseconds) / 1e15 + Double((clock.now - started).components.seconds) * 1e3
        }
        do {
            try body()
            report(ConnectionStep(name: name, succeeded: true, milliseconds: milliseconds(), message: message))
        } catch let error as ConnectError where Self.isReadOnly(error) && name == "write" {
            throw error
        } catch {
            report(
                ConnectionStep(name: name, succeeded: false, milliseconds: milliseconds(), message: (error as? ConnectError)?.message ?? "\(error)"))
            throw error
        }
    }
}
