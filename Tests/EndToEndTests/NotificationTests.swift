import ConnectTesting
import Foundation
import ServerSupport
import Testing

@Suite(.waits) struct NotificationTests {
    @Test("ACT-1: a mail goes out by STARTTLS after a log-in, as text and HTML, with counts, reasons, the first rejects and where to look")
    func mails() throws {
        let stage = try FollowUpStage(options: "{ notify: { when: always, to: [ann@example.com, bob@example.com] } }")
        try MessageSink.with("smtp", "--tls", "starttls", "--auth") { sink in
            try stage.useMail(sink, "security=starttls", "user=tester", "ca_file=\(sink["CERTIFICATE"])")
            try stage.run(good: 3, bad: 2)
            #expect(try stage.outbox() == ["delivered mail ann@example.com", "delivered mail bob@example.com"])
            let mails = try sink.taken.map(ParsedMail.init)
            #expect(mails.map { $0.head["RCPT-TO"] } == ["ann@example.com", "bob@example.com"])
            let mail = try #require(mails.first)
            #expect(mail.head["SECURE"] == "True" && mail.head["USER"] == "tester" && mail.head["MAIL-FROM"] == "connect@example.com")
            #expect(mail.subject == "contacts: run 1.1 succeeded, 3 records loaded")
            for words in [
                "inserted  3", "rejected  2", "2 × EMAIL_MALFORMED", "line 5  EMAIL_MALFORMED in EMAIL_ADDRESS_", "connecthost runs rejects 1.1",
            ] {
                #expect(mail.text.contains(words), "\(words) is missing from:\n\(mail.text)")
            }
            #expect(mail.html.contains("EMAIL_MALFORMED") && mail.html.contains("connecthost runs rejects 1.1"))
            // No record of a customer leaves by mail.
            #expect(!sink.taken.joined().contains("bad 0") && !sink.taken.joined().contains("p0@example.com"))
            #expect(try stage.installation.expectSuccess("runs", "log", "1.1").contains("Delivered: mail to ann@example.com."))
        }
    }

    @Test("IMP-16: a failed run is told with its reason and what to do, and the run after it as well where that was asked for")
    func failureAndRecovery() throws {
        let stage = try FollowUpStage(options: "{ notify: { when: failure, recovered: true, to: [ann@example.com] } }")
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink)
            try stage.run()
            #expect(sink.taken.isEmpty)
            try stage.run(file: false)
            try stage.run()
            try stage.run()
            let mails = try sink.taken.map(ParsedMail.init)
            #expect(mails.map(\.subject) == ["contacts: run 1.2 failed", "contacts: run 1.3 works again, 2 records loaded"])
            #expect(mails.first?.text.contains("Why: There is no file \"contacts.csv\"") == true)
            #expect(mails.first?.text.contains("What to do next: ") == true)
            #expect(mails.first?.html.contains("&quot;contacts.csv&quot;") == true)
        }
    }

    @Test("IMP-16: a file that has not come by its time is told once a day, and not when it came")
    func missingFile() throws {
        let stage = try FollowUpStage(options: "{ notify: { when: never, no_file_by: \"00:00\", to: [ann@example.com] } }")
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink)
            try stage.installation.expectSuccess("outbox", "deliver")
            try stage.installation.expectSuccess("outbox", "deliver")
            #expect(try sink.taken.map(ParsedMail.init).map(\.subject) == ["contacts: no file by 00:00"])
        }
        let other = try FollowUpStage(options: "{ notify: { when: never, no_file_by: \"00:00\", to: [ann@example.com] } }")
        try other.run("--leave-outbox")
        try other.installation.expectSuccess("outbox", "deliver")
        #expect(try other.outbox().isEmpty)
    }

    @Test("ACT-1: a mail server that is away or says later changes nothing for the run; the mail waits and arrives")
    func later() throws {
        let stage = try FollowUpStage(options: "{ notify: { when: always, to: [ann@example.com] } }")
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink)
            try sink.behave("451 4.3.0 try later")
            #expect(try stage.run()["status"].string == "succeeded")
            let waiting = try stage.message("1")
            #expect(waiting["state"].string == "waiting" && waiting["attempts"].int == 1)
            #expect(waiting["error"]["code"].string == "mail.later")
            // Not before it is due, by a clock that is an hour behind: the pause itself is of seconds.
            try stage.installation.setClock(shiftSeconds: -3600)
            try stage.installation.expectSuccess("outbox", "deliver", environment: stage.installation.clockEnvironment)
            #expect(try stage.message("1")["attempts"].int == 1)
            try stage.installation.expectSuccess("outbox", "retry", "1")
            try stage.installation.expectSuccess("outbox", "deliver")
            #expect(try stage.outbox() == ["delivered mail ann@example.com"])
            #expect(sink.taken.count == 1)
        }
        #expect(try stage.run()["status"].string == "succeeded")
        #expect(try stage.message("2")["error"]["code"].string == "delivery.connect")
    }

    @Test("ACT-1: a mail that is refused for good is a dead letter, which a person retries or drops")
    func dead() throws {
        let stage = try FollowUpStage(options: "{ notify: { when: always, to: [ann@example.com] } }")
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink)
            try sink.behave("550 5.1.1 no such user", "550 5.1.1 no such user")
            try stage.run()
            try stage.run()
            #expect(try stage.outbox() == ["dead mail ann@example.com", "dead mail ann@example.com"])
            #expect(try stage.message("1")["error"]["message"].string?.contains("no such user") == true)
            try stage.installation.expectSuccess("outbox", "drop", "1")
            try stage.installation.expectSuccess("outbox", "retry", "--all")
            try stage.installation.expectSuccess("outbox", "deliver")
            #expect(try stage.outbox() == ["dropped mail ann@example.com", "delivered mail ann@example.com"])
            #expect(try stage.installation.run("outbox", "retry", "1").status == 3)
            #expect(try stage.installation.run("outbox", "show", "77").status == 3)
        }
    }

    @Test(
        "ACT-1: without TLS that was asked for, with a certificate nobody knows, or with a wrong password nothing is sent, and nothing is told of the password"
    )
    func security() throws {
        let stage = try FollowUpStage(options: "{ fail_if_empty: false }")
        func test(_ code: String) throws {
            let result = try stage.installation.start(["account", "mail", "test", "--to", "ann@example.com", "--json"]).wait()
            #expect(result.status == 4 && result.output.contains(code), "\(result.output)")
            #expect(!(result.output + result.errors).contains("right-") && !(result.output + result.errors).contains("wrong-word"))
        }
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink, "security=starttls", "user=tester")
            try test("mail.tls")
            #expect(sink.taken.isEmpty)
        }
        try MessageSink.with("smtp", "--tls", "tls", "--auth") { sink in
            try stage.useMail(sink, "security=tls", "user=tester")
            try test("delivery.certificate")
            try stage.useMail(sink, "security=tls", "user=tester", "ca_file=\(sink["CERTIFICATE"])")
            try stage.installation.expectSuccess("account", "mail", "test", "--to", "ann@example.com")
            try stage.installation.expectSuccess("account", "mail", "set", "--secret", "password", input: "wrong-word\n")
            try test("mail.login")
            #expect(sink.taken.count == 1)
        }
        let result = try stage.installation.run("account", "mail", "set", "--set", "security=none", "--set", "host=mail.example.com")
        #expect(result.status == 3 && result.errors.contains("in the clear"))
    }

    @Test("FS-5: the public key goes to an address with its fingerprint and how to install it; the private one does not")
    func keys() throws {
        let stage = try FollowUpStage(options: "{ fail_if_empty: false }")
        let early = try stage.installation.run(
            "servers", "keygen", "--file", stage.installation.directory.path + "/early", "--email", "admin@partner.example")
        #expect(early.status == 3 && early.errors.contains("account mail set"))
        #expect(stage.installation.directory.contents("early") == nil)
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink)
            let report = try stage.installation.json(
                "servers", "keygen", "--file", stage.installation.directory.path + "/key", "--email", "admin@partner.example")
            let mail = try ParsedMail(try #require(sink.taken.first))
            #expect(mail.head["RCPT-TO"] == "admin@partner.example")
            #expect(mail.text.contains(try #require(report["authorized_keys"].string)))
            #expect(mail.text.contains(try #require(report["fingerprint"].string)))
            #expect(!sink.taken.joined().contains("PRIVATE KEY"))
        }
    }
}
