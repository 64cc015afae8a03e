import Foundation
import Testing

@testable import SSHTransportCore

/// Random and mutated streams of a server. `SFTP_FUZZ_SEED` and `SFTP_FUZZ_CASES` repeat or lengthen a run.
@Suite struct SFTPCodecFuzzTests {
    static let seed = ProcessInfo.processInfo.environment["SFTP_FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0 ... .max)
    static let cases = ProcessInfo.processInfo.environment["SFTP_FUZZ_CASES"].flatMap(Int.init) ?? 16_000

    @Test("FS-2: any stream is either understood or refused, and never more is kept than one packet")
    func mutatedStreams() throws {
        var random = SplitMix(state: Self.seed)
        var refused = 0
        var understood = 0
        for number in 0..<Self.cases {
            var fed = try SFTPCodec.greeted()
            let stream = mutate(validStream(&fed, &random), &random)
            do {
                let events = try fed.events(stream, piece: Int.random(in: 1...300, using: &random))
                understood += events.count
            } catch is SFTPViolation {
                refused += 1
            }
            #expect(fed.codec.requestsInFlight <= SFTPRequestTable.capacity, "seed \(Self.seed), case \(number)")
            #expect(fed.payload.count <= stream.count, "seed \(Self.seed), case \(number)")
        }
        // A fuzzer that only ever meets one of the two is not testing.
        #expect(refused > Self.cases / 10 && understood > Self.cases / 10, "seed \(Self.seed): \(refused) refused, \(understood) understood")
    }

    @Test("FS-2: random bytes are refused or understood")
    func randomStreams() throws {
        var random = SplitMix(state: Self.seed ^ 0x5EED)
        for _ in 0..<Self.cases {
            var codec = FedCodec(codec: SFTPCodec())
            codec.codec.initialize()
            let stream = (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = try? codec.events(stream)
        }
    }

    @Test("FS-2: an unchanged stream gives the same events in whatever pieces it comes")
    func piecesDoNotMatter() throws {
        var random = SplitMix(state: Self.seed ^ 0xBEEF)
        for number in 0..<Self.cases / 20 {
            let start = try SFTPCodec.greeted()
            var fed = start
            let stream = validStream(&fed, &random)
            var whole = fed
            var pieces = fed
            let expected = try whole.events(stream)
            let got = try pieces.events(stream, piece: Int.random(in: 1...40, using: &random))
            #expect(expected == got && whole.payload == pieces.payload, "seed \(Self.seed), case \(number)")
        }
    }

    /// Makes requests and a correct server's answers to them, in any order.
    private func validStream(_ fed: inout FedCodec, _ random: inout SplitMix) -> [UInt8] {
        var answers: [[UInt8]] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                guard let id = fed.read([1, 2], offset: 5, count: 200) else { continue }
                let contents = (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                answers.append(Packet(103).uint32(id.number).string(contents).bytes)
            case 1:
                guard let id = fed.stat([0x61]) else { continue }
                answers.append(Packet(105).uint32(id.number).uint32(0xD).uint64(77).uint32(0o100600).uint32(1).uint32(2).bytes)
            case 2:
                guard let id = fed.readDirectory([1]) else { continue }
                answers.append(Packet(104).uint32(id.number).uint32(1).string("name").string("long name").uint32(1).uint64(9).bytes)
            case 3:
                guard let id = fed.open([0x61], .read, permissions: nil) else { continue }
                answers.append(Packet(102).uint32(id.number).string("handle").bytes)
            default:
                guard let id = fed.remove([0x61]) else { continue }
                answers.append(Packet(101).uint32(id.number).uint32(UInt32.random(in: 0...8, using: &random)).string("text").string("").bytes)
            }
        }
        return answers.shuffled(using: &random).flatMap(\.self)
    }

    private func mutate(_ stream: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = stream
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            default: bytes.removeSubrange(place..<min(bytes.count, place + 9))
            }
        }
        return bytes
    }
}

/// A generator whose numbers follow from its seed (SplitMix64), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
