import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Synchronization
import Testing

/// The local directory and the C example of a transport promise the same; both built libraries are used as the worker uses them.
enum DirectoryConnector: String, CaseIterable, CustomTestStringConvertible {
    case bundled = "org.connecthost.local"
    case example = "com.example.c-directory"

    var testDescription: String { rawValue }

    func load(_ temporary: TemporaryDirectory, events: CallEvents, _ cancellation: Cancellation) throws -> LoadedConnector {
        let file =
            switch self {
            case .bundled: Installation.buildDirectory + "/libLocalTransport.so"
            case .example: try CompiledConnector.buildExample("c-transport", into: temporary.path)
            }
        return try LoadedConnector(file: file, id: rawValue, events: events, cancellation: cancellation)
    }
}

/// A directory with a session on it.
struct Workbench {
    let temporary: TemporaryDirectory
    let root: String
    let connector: LoadedConnector
    let cancellation = Cancellation()
    let transport: any Transport
    let warnings = Warnings()

    final class Warnings: Sendable {
        let lines = Mutex<[String]>([])
    }

    init(_ kind: DirectoryConnector) throws {
        temporary = try TemporaryDirectory()
        root = temporary.path + "/files"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
        let events = CallEvents(log: { [warnings] level, text, _ in if level == .warning { warnings.lines.withLock { $0.append(text) } } })
        connector = try kind.load(temporary, events: events, cancellation)
        transport = try connector.opener(.object(["directory": .string(root)])).open(cancellation)
    }

    @discardableResult
    func write(_ path: String, _ text: String, offset: Int64 = 0, modified: Int64? = nil) throws -> String {
        let writer = try transport.openWrite(path, offset: offset, expectedSize: nil)
        try Data(text.utf8).withUnsafeBytes { try writer.write($0) }
        try writer.commit(modifiedUnixNanoseconds: modified)
        return path
    }

    func read(_ path: String, offset: Int64 = 0) throws -> String {
        let reader = try transport.openRead(path, offset: offset)
        defer { reader.close() }
        var all = Data()
        var chunk = [UInt8](repeating: 0, count: 5)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try reader.read(into: $0) }
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            all += chunk[..<count]
        }
    }

    func list(_ directory: String = "") throws -> [RemoteEntry] {
        var entries: [RemoteEntry] = []
        try transport.list(directory) { entries.append($0) }
        return entries.sorted { $0.path < $1.path }
    }

    func code(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? ConnectError)?.code ?? "\(error)" }
        return nil
    }

    var names: [String] { temporary.names(in: "files") }
}

@Suite struct LocalFilesTests {
    @Test("FS-4: a file is written, looked at, listed and read", arguments: DirectoryConnector.allCases)
    func roundTrip(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.write("Grüße 1.csv", "a,b\n1,2\n", modified: 1_700_000_000_123_456_789)
        let entry = try bench.transport.stat("Grüße 1.csv")
        #expect(entry == RemoteEntry(path: "Grüße 1.csv", kind: .file, size: 8, modifiedUnixNanoseconds: 1_700_000_000_123_456_789))
        #expect(try bench.list() == [entry])
        #expect(try bench.read("Grüße 1.csv") == "a,b\n1,2\n")
        try bench.write("empty", "")
        #expect(try bench.read("empty") == "")
        #expect(try bench.transport.stat("empty").size == 0)
    }

    @Test("FS-4: directories are made, listed one level deep and written into", arguments: DirectoryConnector.allCases)
    func directories(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.transport.makeDirectory("in")
        try bench.transport.makeDirectory("in")
        try bench.transport.makeDirectory("in/deep")
        try bench.write("in/one.csv", "1")
        try bench.write("in/deep/two.csv", "2")
        #expect(try bench.list().map(\.path) == ["in"])
        #expect(try bench.list().map(\.kind) == [.directory])
        #expect(try bench.list("in").map(\.path) == ["in/deep", "in/one.csv"])
        #expect(try bench.read("in/deep/two.csv") == "2")
        #expect(bench.code { try bench.transport.makeDirectory("in/one.csv") } == "file.exists")
        #expect(bench.code { try bench.transport.makeDirectory("gone/deep") } == "file.missing")
    }

    @Test("FS-4: what is not there is told as missing", arguments: DirectoryConnector.allCases)
    func missing(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        #expect(bench.code { _ = try bench.transport.stat("gone") } == "file.missing")
        #expect(bench.code { _ = try bench.read("gone") } == "file.missing")
        #expect(bench.code { try bench.transport.remove("gone") } == "file.missing")
        #expect(bench.code { _ = try bench.list("gone") } == "file.missing")
        #expect(bench.code { try bench.transport.rename("gone", to: "there", replace: true) } == "file.missing")
        #expect(bench.code { try bench.write("gone/file", "x") } == "file.missing")
    }

    @Test("FS-4: a rename replaces only where it is told to, and a remove removes", arguments: DirectoryConnector.allCases)
    func names(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.write("a", "first")
        try bench.write("b", "second")
        #expect(bench.code { try bench.transport.rename("a", to: "b", replace: false) } == "file.exists")
        #expect(try bench.read("a") == "first")
        #expect(try bench.read("b") == "second")
        try bench.transport.rename("a", to: "b", replace: true)
        #expect(bench.names == ["b"])
        #expect(try bench.read("b") == "first")
        try bench.transport.makeDirectory("d")
        try bench.transport.rename("b", to: "d/c", replace: false)
        #expect(try bench.list("d").map(\.path) == ["d/c"])
        try bench.transport.remove("d/c")
        #expect(try bench.list("d").isEmpty)
    }

    @Test("FS-8: reading goes on at an offset, and writing exactly behind what is there", arguments: DirectoryConnector.allCases)
    func offsets(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.write("f", "0123456789")
        #expect(try bench.read("f", offset: 7) == "789")
        #expect(try bench.read("f", offset: 10) == "")
        try bench.write("f", "abc", offset: 10)
        #expect(try bench.read("f") == "0123456789abc")
        #expect(bench.code { try bench.write("f", "x", offset: 5) } == "server.data")
        #expect(bench.code { try bench.write("f", "x", offset: 20) } == "server.data")
        #expect(try bench.read("f") == "0123456789abc", "a refused write leaves the file alone")
        #expect(bench.code { try bench.write("new", "x", offset: 3) } != nil)
        #expect(bench.names == ["f"], "a refused resume makes no file")
        try bench.write("f", "new")
        #expect(try bench.read("f") == "new")
    }

    @Test("FS-4: a write that is given up leaves nothing; a resumed one keeps what was there before", arguments: DirectoryConnector.allCases)
    func aborts(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        let writer = try bench.transport.openWrite("f", offset: 0, expectedSize: 3)
        try Data("abc".utf8).withUnsafeBytes { try writer.write($0) }
        writer.abort()
        writer.abort()
        #expect(bench.names.isEmpty)
        try bench.write("g", "kept")
        let resumed = try bench.transport.openWrite("g", offset: 4, expectedSize: nil)
        resumed.abort()
        #expect(try bench.read("g") == "kept")
    }

    @Test("FS-4: nothing outside the directory is reached, by .. or by a link", arguments: DirectoryConnector.allCases)
    func containment(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.temporary.write("secret", "outside")
        try bench.temporary.write("elsewhere/secret", "outside")
        try FileManager.default.createSymbolicLink(atPath: bench.root + "/link", withDestinationPath: "../secret")
        try FileManager.default.createSymbolicLink(atPath: bench.root + "/directory", withDestinationPath: "../elsewhere")
        for path in ["../secret", "x/../../secret", "/etc/passwd", "..", ".", "a//b", "./a", ""] {
            #expect(bench.code { _ = try bench.read(path) } == "file.path", "\(path)")
            #expect(bench.code { try bench.write(path, "x") } == "file.path", "\(path)")
            #expect(bench.code { try bench.transport.remove(path) } == "file.path", "\(path)")
        }
        #expect(try bench.list().map(\.kind) == [.link, .link])
        #expect(try bench.transport.stat("link").kind == .link)
        for path in ["link", "directory/secret", "directory"] {
            #expect(bench.code { _ = try bench.read(path) } != nil, "\(path)")
            #expect(bench.code { try bench.write(path, "x") } != nil, "\(path)")
        }
        #expect(bench.code { _ = try bench.list("directory") } == "file.permission")
        #expect(bench.code { _ = try bench.transport.stat("directory/secret") } == "file.permission")
        #expect(bench.code { try bench.transport.remove("directory/secret") } == "file.permission")
        #expect(bench.code { try bench.transport.makeDirectory("directory/more") } == "file.permission")
        try bench.write("mine", "x")
        #expect(bench.code { try bench.transport.rename("mine", to: "directory/mine", replace: true) } == "file.permission")
        #expect(bench.temporary.contents("secret") == Data("outside".utf8))
        #expect(bench.temporary.names(in: "elsewhere") == ["secret"])
    }

    @Test("FS-4: a name that is not UTF-8 is passed over with a warning", arguments: DirectoryConnector.allCases)
    func strangeNames(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.write("fine", "x")
        let bytes = Array((bench.root + "/").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), CChar(bitPattern: 0x41), 0]
        let descriptor = open(bytes, O_CREAT | O_WRONLY, 0o600)
        #expect(descriptor >= 0)
        close(descriptor)
        #expect(try bench.list().map(\.path) == ["fine"])
        #expect(bench.warnings.lines.withLock { $0 }.contains { $0.contains("not UTF-8") })
    }

    @Test("FS-4: a pipe is no file to read and holds nothing up", arguments: DirectoryConnector.allCases)
    func pipe(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        #expect(mkfifo(bench.root + "/pipe", 0o600) == 0)
        #expect(try bench.list().map(\.kind) == [.other])
        #expect(bench.code { _ = try bench.read("pipe") } == "server.settings")
    }

    @Test("FS-4: a directory that is not there is a matter of settings, and no session begins", arguments: DirectoryConnector.allCases)
    func missingDirectory(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        for directory in [bench.root + "/gone", "relative", ""] {
            let error = #expect(throws: ConnectError.self) {
                try bench.connector.opener(.object(["directory": .string(directory)])).open(Cancellation())
            }
            #expect(error?.category == .configuration, "\(directory)")
        }
        let problems = try bench.connector.validate(.object(["directory": .string("relative")]))
        #expect(problems.count == 1)
        #expect(try bench.connector.validate(.object(["directory": .string(bench.root)])).isEmpty)
        try bench.connector.check(.object(["directory": .string(bench.root)]))
        #expect(throws: ConnectError.self) { try bench.connector.check(.object(["directory": .string(bench.root + "/gone")])) }
    }

    @Test("CON-6: a cancelled session ends its calls with the cancelled error", arguments: DirectoryConnector.allCases)
    func cancels(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        try bench.write("f", "0123456789")
        let reader = try bench.transport.openRead("f", offset: 0)
        bench.cancellation.cancel()
        var chunk = [UInt8](repeating: 0, count: 4)
        #expect(bench.code { _ = try chunk.withUnsafeMutableBytes { try reader.read(into: $0) } } == "run.cancelled")
        #expect(bench.code { _ = try bench.list() } == "run.cancelled")
    }

    @Test("FS-4: two sessions on one directory do not disturb each other", arguments: DirectoryConnector.allCases)
    func twoSessions(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        let other = try bench.connector.opener(.object(["directory": .string(bench.root)])).open(Cancellation())
        try bench.write("f", "0123456789")
        let reader = try bench.transport.openRead("f", offset: 0)
        other.close()
        var chunk = [UInt8](repeating: 0, count: 10)
        #expect(try chunk.withUnsafeMutableBytes { try reader.read(into: $0) } == 10)
    }

    @Test("FS-4: a thousand files are listed, and five megabytes and a byte come back as they went", arguments: DirectoryConnector.allCases)
    func many(kind: DirectoryConnector) throws {
        let bench = try Workbench(kind)
        for number in 0..<1000 { try bench.temporary.write("files/many/\(number)", "") }
        #expect(try bench.list("many").count == 1000)
        let bytes = Data((0...5_242_880).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let writer = try bench.transport.openWrite("big", offset: 0, expectedSize: Int64(bytes.count))
        try bytes.withUnsafeBytes { try writer.write($0) }
        try writer.commit(modifiedUnixNanoseconds: nil)
        #expect(bench.temporary.contents("files/big") == bytes)
    }
}
