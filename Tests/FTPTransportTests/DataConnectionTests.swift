import ConnectTesting
import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import FTPTransport

@Suite(.timeLimit(.minutes(10)), .serialized) struct DataConnectionTests {
    @Test(
        "FS-3, T25: a server that names another machine for the data is not followed there, in its answer to PASV or to EPSV",
        arguments: [true, false])
    func elsewhere(passiveOnly: Bool) throws {
        try FTPServer.with { server in
            let other = try? ConnectionWitness("127.0.0.2", port: server.dataPort)
            let content = patterned(200_000)
            try server.put("f", content)
            try server.leadElsewhere("127.0.0.2", passiveOnly: passiveOnly)
            if passiveOnly {
                // The address is passed over: the data come from the machine that was logged in to.
                try server.session { (session) throws in
                    #expect(try session.content("f") == content)
                    #expect(try session.names() == ["f"])
                    try session.write("g", content)
                }
                #expect(try server.content("g") == content)
            } else {
                // No address may stand in an answer to EPSV (RFC 2428).
                #expect(failure { try server.session { _ = try $0.content("f") } } != nil)
            }
            #expect((other?.connections ?? 0) == 0)
        }
    }
}
