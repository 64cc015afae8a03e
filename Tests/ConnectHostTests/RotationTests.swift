import ConnectModel
import ConnectTesting
import Foundation
import RunEngine
import StoreAPI
import Synchronization
import Testing

@testable import ConnectHost

/// T24: the sealing key is changed while others read secrets. `ROTATION_SECRETS` and `ROTATION_READERS` set how many there are (make soak: 10,000 and 50).
@Suite(.waits) struct RotationTests {
    private static func number(_ name: String, _ standard: Int) -> Int { ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? standard }

    @Test("OPS-3, T24: the key is rotated again and again while runs open their secrets, and none ever fails to open")
    func rotatedUnderLoad() throws {
        let home = try SimulatedHome(at: 1_772_323_200)
        let count = Self.number("ROTATION_SECRETS", 200)
        let names = (0..<count).map { SecretName.server("s\($0)", "password") }
        try home.host.control.transaction {
            for name in names { try home.host.vault.set(Secret("word of \(name.owner)"), name) }
        }
        let readers = Self.number("ROTATION_READERS", 4)
        let isOver = Atomic<Bool>(false)
        let opened = Mutex(0)
        let failures = Mutex<[String]>([])
        let ended = DispatchSemaphore(value: 0)
        for _ in 0..<readers {
            // Each as a process of its own would have it: nothing is shared but the files.
            let own = try home.another()
            Thread.detachNewThread {
                while !isOver.load(ordering: .acquiring) {
                    let name = names[Int.random(in: 0..<count)]
                    do {
                        let found = try own.resolve(.vault, name).reveal()
                        if found != "word of \(name.owner)" { failures.withLock { $0.append("\(name.owner): \(found)") } }
                        opened.withLock { $0 += 1 }
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
                ended.signal()
            }
        }
        var keys: Set<String> = []
        for _ in 0..<3 {
            let before = opened.withLock { $0 }
            let rotated = try home.host.rotateSecrets()
            #expect(rotated.secrets == count)
            keys.insert(rotated.key)
            // Every rotation meets readers.
            while opened.withLock({ $0 }) < before + readers, failures.withLock(\.isEmpty) { usleep(1000) }
        }
        isOver.store(true, ordering: .releasing)
        for _ in 0..<readers { ended.wait() }
        #expect(failures.withLock { $0 } == [])
        #expect(keys.count == 3)
        #expect(try home.host.secrets().allSatisfy { $0.opens && keys.contains($0.key) })
    }
}
