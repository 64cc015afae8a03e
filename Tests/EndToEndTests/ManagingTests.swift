import ConnectTesting
import Foundation
import Testing

/// The guide's §6 and §8 as a person walks through them on the command line.
@Suite(.waits) struct ManagingTests {
    private func installation() throws -> Installation {
        let installation = try Installation()
        try installation.apply(
            ServeTests.lists + "jobs:\n" + ServeTests.job("contacts") + ServeTests.job("loyalty")
                + ServeTests.job(
                    "nightly",
                    "    schedule: { repeat: weekly, days: [mon], hour: 4, slot: 0-14 }"))
        return installation
    }

    @Test("GRP-1 to GRP-4, MGT-1 to MGT-5: a walk through sequencing and managing jobs")
    func walk() throws {
        let installation = try installation()
        // §6.1: which jobs qualify, and why the others do not.
        let candidates = try installation.json("groups", "candidates")
        #expect((0..<3).map { candidates[$0]["qualifies"].bool } == [true, true, false])
        #expect(candidates[2]["reason"].string?.contains("starts by itself") == true)
        let alone = try installation.run("groups", "create", "Daily", "contacts")
        #expect(alone.status == 3 && alone.errors.contains("at least two jobs"))
        try installation.expectSuccess("groups", "create", "Daily", "loyalty", "contacts")
        let taken = try installation.run("groups", "create", "Other", "loyalty", "contacts")
        #expect(taken.status == 3 && taken.errors.contains("in group \"Daily\" already"))
        try installation.expectSuccess("groups", "edit", "Daily", "--jobs", "contacts", "--jobs", "loyalty", "--rename", "Daily updates")
        // §6: run it; the second fails for want of a file.
        try installation.put("contacts.csv", ServeTests.file("ann"))
        let run = try installation.run("groups", "run", "Daily updates", "--json")
        #expect(run.status == 1)
        let groups = try installation.json("groups", "list")
        let id = try #require(groups[0]["id"].int)
        #expect(groups[0]["previous_run"]["status"].string == "failed")
        #expect(groups[0]["previous_run"]["run"].string?.hasPrefix("\(id).") == true)
        #expect((0..<2).map { groups[0]["previous_run"]["jobs"][$0]["status"].string } == ["succeeded", "failed"])
        // A group's number is no job's.
        #expect(try (0..<3).allSatisfy { try installation.json("jobs", "list")[$0]["id"].int != id })
        try installation.put("contacts.csv", ServeTests.file("bob"))
        try installation.put("loyalty.csv", ServeTests.file("cat"))
        try installation.expectSuccess("groups", "run", "Daily updates")
        // §8.1: all jobs, filtered and sorted.
        let jobs = try installation.json("jobs", "list", "--sort", "name", "--reverse")
        #expect((0..<3).map { jobs[$0]["name"].string } == ["nightly", "loyalty", "contacts"])
        #expect(jobs[1]["group"].string == "Daily updates")
        #expect(jobs[0]["next_run"].string != nil && jobs[0]["schedule_type"].string == "recurring" && jobs[1]["schedule_type"].string == "on-demand")
        #expect(try installation.json("jobs", "list", "loy").count == 1)
        #expect(try installation.json("jobs", "list", "--schedule", "recurring").count == 1)
        #expect(try installation.json("jobs", "list", "--last", "succeeded").count == 2)
        let page = try installation.json("jobs", "list", "--sort", "name", "--reverse", "--limit", "1", "--offset", "1")
        #expect(page.count == 1 && page[0]["id"].int == jobs[1]["id"].int)
        #expect(try installation.expectSuccess("jobs", "list", "--limit", "1", "--offset", "1").hasSuffix("\nThere are more: --offset 2\n"))
        #expect(try !installation.expectSuccess("jobs", "list", "--limit", "3").contains("There are more"))
        #expect(try installation.expectSuccess("runs", "list", "--limit", "1").hasSuffix("\nThere are more: --offset 1\n"))
        // §8.2: what may be done with which job.
        let grouped = try installation.run("jobs", "delete", "loyalty", "--yes")
        #expect(grouped.status == 3 && grouped.errors.contains("in group"))
        let active = try installation.run("jobs", "copy", "nightly", "copy")
        #expect(active.status == 3 && active.errors.contains("only inactive jobs can be copied"))
        // Run Now moves no scheduled time, and what is loaded stays whatever becomes of the job.
        let next = try installation.json("schedule", "next", "nightly")["starts"][0]["at"].string
        try installation.put("nightly.csv", ServeTests.file("dan"))
        try installation.expectSuccess("jobs", "run", "nightly")
        #expect(try next != nil && installation.json("schedule", "next", "nightly")["starts"][0]["at"].string == next)
        let edited =
            "jobs:\n"
            + ServeTests.job("nightly", "    description: Every Tuesday.\n    schedule: { repeat: weekly, days: [tue], hour: 4, slot: 15-29 }")
        try installation.expectSuccess("jobs", "edit", "nightly", "--file", "-", input: edited)
        #expect(try installation.json("jobs", "show", "nightly")["description"].string == "Every Tuesday.")
        let stopped = try installation.run("jobs", "stop", "nightly", "--yes")
        #expect(stopped.status == 3 && stopped.errors.contains("is not running"))
        try installation.expectSuccess("jobs", "deactivate", "nightly")
        #expect(try installation.json("schedule", "next", "nightly")["active"].bool == false)
        #expect(try installation.run("jobs", "run", "nightly").status == 3)
        try installation.expectSuccess("jobs", "copy", "nightly", "weekly", "--description", "copied")
        #expect(try installation.json("jobs", "show", "weekly")["active"].bool == false)
        try installation.expectSuccess("jobs", "activate", "nightly")
        #expect(try installation.run("jobs", "delete", "weekly").status == 3)
        try installation.expectSuccess("jobs", "delete", "weekly", "--yes")
        // §8.3 and §8.4: completed runs and their logs.
        let runs = try installation.json("runs", "list", "--group", "Daily updates")
        #expect(runs.count == 4)
        #expect(try installation.json("runs", "list", "--status", "failed").count == 1)
        #expect(try installation.json("runs", "list", "loyalty", "--sort", "oldest").count == 2)
        #expect(try installation.expectSuccess("runs", "log", try #require(runs[0]["run"].string), "-f").contains("succeeded"))
        // §6.2 to §6.4: its options and its schedule, in a file; monthly runs end at day 28, and names at 30 characters.
        let file = { (day: Int, name: String) in
            """
            groups:
              - name: \(name)
                jobs: [contacts, loyalty]
                options: { notify: { when: failure, to: [ops@example.com] }, launch: { campaigns: [Welcome], progress_to: [m@example.com], progress_every: 10000, failure_to: [m@example.com] } }
                schedule: { repeat: monthly, day: \(day), hour: 6, slot: 45-59 }
                active: false
            """
        }
        for (day, name, words) in [(29, "Daily updates", "day 29"), (28, "A name of more than thirty letters", "30 characters")] {
            let refused = try installation.run("apply", "-", input: file(day, name))
            #expect(refused.status == 3 && refused.errors.contains(words), "\(refused.errors)")
        }
        try installation.apply(file(28, "Daily updates"))
        let inactive = try installation.run("groups", "run", "Daily updates")
        #expect(inactive.status == 3 && inactive.errors.contains("not active"))
        let shown = try installation.json("groups", "list")[0]
        #expect(shown["schedule_type"].string == "recurring" && shown["activation"].string == "inactive" && shown["next_run"].isMissing)
        // §8.5: deleting a group leaves its jobs.
        try installation.expectSuccess("groups", "delete", "Daily updates", "--yes")
        #expect(try installation.json("groups", "list").count == 0)
        #expect(try installation.json("jobs", "list").count == 3)
        #expect(try installation.rows("CONTACTS", "EMAIL_ADDRESS_").count == 4)
    }

    @Test("MGT-2, ORC-3: a draft is saved incomplete, all its errors are told at once, and it is activated when they are mended")
    func drafts() throws {
        let installation = try Installation()
        try installation.apply(ServeTests.lists)
        let draft = """
            jobs:
              - name: draft
                kind: import-list
                target: { list: NOWHERE }
                schedule: { repeat: monthly, day: 31, hour: 1, slot: 0-14 }
                active: false
            """
        #expect(try installation.run("apply", "-", input: draft).status == 3)
        try installation.expectSuccess("apply", "-", "--draft", input: draft)
        let errors = try installation.run("jobs", "errors", "draft")
        #expect(errors.status == 3)
        for part in ["file.name", "NOWHERE", "day 31"] { #expect(errors.output.contains(part), "\(errors.output)") }
        let refused = try installation.run("jobs", "activate", "draft")
        #expect(refused.status == 3)
        for part in ["file.name", "NOWHERE", "day 31"] { #expect(refused.errors.contains(part), "\(refused.errors)") }
        let whole = """
            jobs:
              - name: whole
                kind: import-list
                file: { name: a.csv }
                target: { list: CONTACTS }
                schedule: { repeat: monthly, day: 28, hour: 1, slot: 0-14 }
                active: false
            """
        try installation.expectSuccess("jobs", "edit", "draft", "--file", "-", input: whole)
        try installation.expectSuccess("jobs", "activate", "whole")
        #expect(try installation.json("schedule", "next", "whole", "-n", "20")["starts"].count == 20)
    }

    @Test("MGT-2: a job is edited in the person's editor, and a mistake changes nothing")
    func editor() throws {
        let installation = try installation()
        // The shell reads them: executing a file that was written a moment ago fails while a process that another test starts still has it open.
        let editor = try installation.directory.write("editor", "#!/bin/sh\nsed -i 's/hour: 4/hour: 5/' \"$1\"\n")
        let changed = try installation.run("jobs", "edit", "nightly", environment: ["VISUAL": "", "EDITOR": "/bin/sh \(editor)"])
        #expect(changed.status == 0, "\(changed.errors)")
        #expect(try installation.json("jobs", "show", "nightly")["definition"]["schedule"]["hour"].int == 5)
        let breaker = try installation.directory.write("breaker", "#!/bin/sh\nsed -i 's/hour: 5/hour: 55/' \"$1\"\n")
        #expect(try installation.run("jobs", "edit", "nightly", environment: ["VISUAL": "", "EDITOR": "/bin/sh \(breaker)"]).status == 3)
        #expect(try installation.json("jobs", "show", "nightly")["definition"]["schedule"]["hour"].int == 5)
    }

    @Test("SCH-3: a slot in the past is refused with the next possible one, and applying an old file again is not")
    func pastSlot() throws {
        let installation = try installation()
        let once = "jobs:\n" + ServeTests.job("once", "    schedule: { repeat: once, date: 2024-02-29, hour: 1, slot: 0-14 }")
        let refused = try installation.run("apply", "-", input: once)
        #expect(refused.status == 3 && refused.errors.contains("next possible slot"))
        let future = "jobs:\n" + ServeTests.job("once", "    schedule: { repeat: once, date: 2064-02-29, hour: 1, slot: 0-14 }")
        try installation.apply(future)
        #expect(try installation.json("schedule", "next", "once")["starts"].count == 1)
        #expect(try installation.apply(future).contains("Nothing to change"))
        try installation.setClock(shiftSeconds: 1_300_000_000)
        let later = try installation.run("apply", "-", environment: installation.clockEnvironment, input: future)
        #expect(later.status == 0, "\(later.errors)")
    }

    @Test("MGT-6: groups are exported and applied again without a change")
    func groupsAsFiles() throws {
        let installation = try installation()
        try installation.apply(
            """
            groups:
              - name: Daily
                jobs: [contacts, loyalty]
                schedule: { repeat: monthly, day: 3, hour: 2, slot: 45-59, zone: Asia/Tokyo }
                active: false
            """)
        let exported = try installation.expectSuccess("export")
        #expect(exported.contains("groups:"))
        #expect(try installation.apply(exported).contains("Nothing to change"))
        #expect(try installation.json("groups", "show", "Daily")["next_run"].isMissing)
        try installation.expectSuccess("groups", "activate", "Daily")
        #expect(try installation.json("groups", "show", "Daily")["next_run"].string != nil)
        let wrong = try installation.run(
            "apply", "-",
            input: "groups:\n  - name: Bad\n    jobs: [contacts, nightly, nothing]\n    schedule: { repeat: monthly, day: 31, hour: 2, slot: 0-14 }\n"
        )
        for part in ["in group \"Daily\" already", "starts by itself", "none of that name", "day 31"] {
            #expect(wrong.errors.contains(part), "\(wrong.errors)")
        }
    }

    @Test("GRP-2, MGT-2: stopping a group stops the running job and skips the others; the files stay")
    func stopsGroup() throws {
        let installation = try Installation()
        try installation.apply(
            ServeTests.lists + "jobs:\n" + ServeTests.slowJob("a") + ServeTests.job("b") + "groups:\n  - name: both\n    jobs: [a, b]\n")
        for name in ["a", "b"] { try installation.put("\(name).csv", ServeTests.file(name)) }
        try FileManager.default.setAttributes(
            [.modificationDate: Date().addingTimeInterval(86_400)], ofItemAtPath: installation.upload + "/a.csv")
        let running = try installation.start(["groups", "run", "both", "--quiet"])
        try installation.waitUntil("its first job runs") { try installation.json("runs", "list")[0]["status"].string == "running" }
        let busy = try installation.run("groups", "run", "both")
        #expect(busy.status == 3 && busy.errors.contains("running already"))
        #expect(try installation.run("groups", "stop", "both").errors.contains("--yes"))
        let stopped = try installation.json("groups", "stop", "both", "--yes")
        #expect(stopped["status"].string == "cancelled")
        #expect((0..<2).map { stopped["jobs"][$0]["status"].string } == ["cancelled", "skipped"])
        #expect(running.wait().status == 1)
        #expect(installation.directory.names(in: "home/files/upload") == ["a.csv", "b.csv"])
        #expect(try installation.json("runs", "list").count == 1)
    }
}
