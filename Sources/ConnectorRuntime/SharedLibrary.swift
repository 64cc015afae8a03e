import CHostShims
import ConnectModel
import Foundation
import PluginABI
import RunEngine
import Synchronization

/// A loaded connector file. The only caller of dlopen and dlsym; nothing is ever closed, because neither Swift nor
/// thread-local destructors survive that (Docs/connectors/abi.md).
struct SharedLibrary: @unchecked Sendable {
    // Unchecked: the table and everything it points at is constant for the life of the process, as the ABI demands.
    let path: String
    let table: UnsafePointer<ch_library>

    private typealias Entry = @convention(c) (UnsafePointer<ch_host>?) -> UnsafePointer<ch_library>?
    private static let entrySymbol = "connecthost_library_v1"
    /// What each file answered. Its entry function is called once in a process, however many connections use the file.
    private static let asked = Mutex<[FileTrust.Identity: Result<SharedLibrary, any Error>]>([:])

    /// Loads the file and asks it for its table, or returns what it gave before. Throws `connector.refused` with a sentence a user can act on.
    /// With a `stamp`, of a file that is still the one that was looked at.
    ///
    /// A file that is overwritten in place (`cp new.so old.so`) while it is loaded changes under the process that runs it. So the loaded pages are taken
    /// out of the file at once, and whoever overwrites it later changes nothing here.
    static func load(_ path: String, stamp: String? = nil) throws -> SharedLibrary {
        let file = try FileTrust(path)
        return try asked.withLock { asked in
            if let known = asked[file.identity] { return try known.get() }
            let before = FileStamp(file.path)?.description
            guard stamp == nil || stamp == before else { throw replaced }
            try keep(file.path)
            let entry = try entry(of: file.path)
            // Where the system does not let it, the library stays as it was mapped.
            _ = chs_detach_library(unsafeBitCast(entry, to: UnsafeRawPointer.self))
            guard FileStamp(file.path)?.description == before else { throw replaced }
            let answer = Result { try SharedLibrary(path: file.path, entry: entry) }
            asked[file.identity] = answer
            return try answer.get()
        }
    }

    /// A file without a name stays what it is as long as somebody has it: the loader, and `asked`, tell files apart by numbers that would be given to
    /// another file once a loaded one is gone. A page that nobody reads holds it, and costs no descriptor.
    private static func keep(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refused("cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard mmap(nil, 1, PROT_NONE, MAP_PRIVATE, descriptor, 0) != MAP_FAILED else {
            throw refused("cannot be mapped: \(String(cString: strerror(errno)))")
        }
    }

    private static var replaced: ConnectError { refused("was replaced just now: try again") }

    private static func entry(of path: String) throws -> Entry {
        try ELFHeader.check(path)
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
            throw refused("cannot be loaded: \(reason.replacingOccurrences(of: path + ": ", with: "")). Check with `ldd \(path)` what it lacks")
        }
        guard let symbol = dlsym(handle, entrySymbol) else { throw missingEntry(handle) }
        guard let home = chs_file_of_symbol(symbol), isSame(String(cString: home), path) else {
            let other = chs_file_of_symbol(symbol).map { String(cString: $0) } ?? "another file"
            throw refused("has no \(entrySymbol) of its own; the one found belongs to \(other)")
        }
        return unsafeBitCast(symbol, to: Entry.self)
    }

    private init(path: String, entry: Entry) throws {
        let (table, words) = HostTable.listening { entry(HostTable.shared) }
        guard let table else {
            throw Self.refused("does not want to work with this host: \(words.isEmpty ? "its author's documentation says why" : words)")
        }
        self.path = path
        self.table = table
        try checkVersion()
    }

    private func checkVersion() throws {
        let version = table.pointee.abi_version
        guard version >> 16 == 1 else { throw Self.wrongABI("\(version >> 16).\(version & 0xFFFF)") }
        guard table.pointee.struct_size >= 32, table.pointee.count > 0, table.pointee.count <= 64, table.pointee.connectors != nil else {
            throw Self.refused("describes itself wrongly: its table of connectors is empty or malformed")
        }
    }

    private static func missingEntry(_ handle: UnsafeMutableRawPointer) -> ConnectError {
        for major in 2...9 where dlsym(handle, "connecthost_library_v\(major)") != nil { return wrongABI("\(major).0") }
        return refused("is no connector: it has no symbol \(entrySymbol)")
    }

    private static func wrongABI(_ version: String) -> ConnectError {
        refused("was built for ABI \(version), this host takes 1.x: get a newer ConnectHost or an older connector")
    }

    static func refused(_ reason: String) -> ConnectError { ConnectError("connector.refused", .configuration, reason) }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        guard let resolved = realpath(left, nil) else { return false }
        defer { free(resolved) }
        return String(cString: resolved) == right
    }
}

/// Reads the first bytes of a file, so that a wrong kind of file is told in a sentence and not by the loader.
enum ELFHeader {
    static func check(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw SharedLibrary.refused("cannot be read") }
        // An empty file gives nil and is as little a library as a text is.
        let head = (try? handle.read(upToCount: 20)) ?? Data()
        guard head.starts(with: [0x7F, 0x45, 0x4C, 0x46]), head.count == 20 else { throw SharedLibrary.refused("is not a shared library") }
        guard head[16] == 3 else { throw SharedLibrary.refused("is not a shared library but another kind of ELF file; link it with -shared") }
        let machine = Int(head[18]) | Int(head[19]) << 8
        guard machine == ownMachine else { throw SharedLibrary.refused("was built for \(name(machine)), this host runs on \(name(ownMachine))") }
    }

    private static func name(_ machine: Int) -> String {
        switch machine {
        case 62: "x86_64"
        case 183: "aarch64"
        case 3: "x86 (32 bit)"
        case 40: "arm (32 bit)"
        case 243: "riscv"
        default: "another processor (\(machine))"
        }
    }

    private static var ownMachine: Int {
        #if arch(arm64)
        183
        #else
        62
        #endif
    }
}
