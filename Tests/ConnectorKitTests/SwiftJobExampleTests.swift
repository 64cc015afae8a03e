import ConnectTesting
import Foundation
import PluginABI
import Testing

/// The Swift example of a job kind, loaded from its library as a host loads it.
@Suite struct SwiftJobExampleTests {
    private func expectConnector() throws -> ch_connector {
        let handle = try #require(dlopen(Installation.buildDirectory + "/libDiskSpaceJob.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE))
        let symbol = try #require(dlsym(handle, "connecthost_library_v1"))
        typealias Entry = @convention(c) (UnsafePointer<ch_host>?) -> UnsafePointer<ch_library>?
        var host = ch_host()
        host.struct_size = UInt32(MemoryLayout<ch_host>.size)
        host.abi_version = 1 << 16
        let library = try #require(unsafeBitCast(symbol, to: Entry.self)(&host))
        return try #require(library.pointee.connectors[0]).pointee
    }

    @Test("CON-8: the Swift example tells the room on a disk and how it changed since the run before")
    func measures() throws {
        let (kept, host) = (KeptByHost(), RecordingHost())
        let first = try runJob(expectConnector(), #"{"directory":"/tmp","minimum_free_mb":0}"#, kept, host)
        #expect(first.status == CH_OK && first.result.contains(#""change_mb":null"#), "\(first) \(host.message ?? "")")
        #expect(Int64(kept.state["free_mb"] ?? "") != nil)
        kept.state["free_mb"] = "-5"
        let second = try runJob(expectConnector(), #"{"directory":"/tmp","minimum_free_mb":0}"#, kept, host, dry: true)
        #expect(second.status == CH_OK && second.result.contains(#""dry_run":true"#) && !second.result.contains("null"))
        #expect(kept.state["free_mb"] == "-5", "a dry run keeps nothing")
    }

    @Test("CON-8: too little room and a directory that is not there are told in words, with the status that says who must act")
    func failures() throws {
        let (kept, host) = (KeptByHost(), RecordingHost())
        #expect(try runJob(expectConnector(), #"{"directory":"/tmp","minimum_free_mb":1000000000}"#, kept, host).status == CH_E_NO_SPACE)
        #expect(host.message?.contains("minimum_free_mb") == true)
        #expect(try runJob(expectConnector(), #"{"directory":"/nowhere/at/all"}"#, kept, host).status == CH_E_CONFIG)
        #expect(host.message?.contains("/nowhere/at/all") == true)
        #expect(try runJob(expectConnector(), #"{"directory":"tmp"}"#, kept, host).status == CH_E_CONFIG)
    }

    @Test("CON-8: the host finds the example good")
    func checked() throws {
        let file = Installation.buildDirectory + "/libDiskSpaceJob.so"
        let place = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: file, toPath: place.path + "/disk.so")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.path + "/disk.so")
        let result = try ChildRun(Installation.program, ["connectors", "check", place.path + "/disk.so"]).wait()
        #expect(result.status == 0 && result.output.contains("com.example.disk-space"), "\(result.output)\(result.errors)")
    }
}
