import ArgumentParser
import RunEngine

/// Prints the reference of the job files, from the same declarations that check them; `make docs` keeps Docs/job-files.md equal to it.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "job-reference", abstract: "Print the reference of job files.", shouldDisplay: false)

    func run() throws {
        print(
            """
            # Job files

            A file may hold the sections below. `connecthost validate FILE` checks it and reports every problem with its line,
            `connecthost diff FILE` shows what would change, `connecthost apply FILE` makes it so, and `connecthost export` prints what there is.
            This page is printed by `connecthost job-reference` from the declarations that check the files.

            ```yaml
            servers:
              - name: partner
                connector: NAME              # an id or short name of `connecthost connectors list`
                settings: { host: files.partner.example, username: feeds }
                secrets: { password: env:PARTNER_PASSWORD }   # env:NAME, file:/PATH, or vault (set with `servers set --secret`)
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100, BIRTH_DATE: TIMESTAMP }
            apps:
              - { name: CONTACTS apps, list: CONTACTS }                       # the App Channel list of a list
            pets:
              - { name: LOYALTY, list: CONTACTS, fields: { TIER: STR25 } }    # or app: NAME, of an App Channel list
            tables:
              - { name: ORDERS, key: [ORDER_ID], data_extraction_key: [CUSTOMER], fields: { ORDER_ID: STR50, CUSTOMER: STR50, TOTAL: NUMBER } }
            jobs:
              - name: Nightly contacts
                kind: import-list
                file: { server: partner, name: "contacts_{YYYYMMDD}.csv" }
                target: { list: CONTACTS, match: [EMAIL_ADDRESS_] }
                schedule: { repeat: daily, hour: 2, slot: 15-29, zone: Europe/Berlin }
                active: true
            groups:
              - name: Daily updates          # imports on demand, one after another
                jobs: [Contacts, Loyalty]
                schedule: { repeat: daily, hour: 5, slot: 0-14 }
            filters:
              - { name: Named, list: CONTACTS, where: "FIRST_NAME IS NOT NULL" }
            audiences:
              - { name: Reachable, list: CONTACTS, all: [Named] }
            views:
              - { name: Totals, sql: "SELECT CUSTOMER, sum(TOTAL) AS TOTAL FROM ORDERS GROUP BY CUSTOMER" }
            mail: { host: smtp.example.com, user: connect, password: env:MAIL_PASSWORD, from: connect@example.com }     # what mails are sent with
            campaigns: { url: "https://login.example.net", user: api, secret: vault }    # where campaigns are launched; `account campaigns set --secret`
            network: { allow: [10.20.0.0/16], file_servers: [public, 10.30.0.0/16] }     # addresses that events, launches, mails and files may go to
            hooks:
              - name: crm                    # who is told of events
                url: https://crm.example.com/connect
                events: [contacts-loaded]    # left out: all
                timeout_seconds: 30
                secrets: { signing: vault }  # set with `hooks set crm --secret signing`; bearer beside it
              - { name: program, command: /opt/crm/start, arguments: ["--from-connect"] }
            ```

            Each job has `name`, `kind`, an optional `description`, `active` (true when left out), and the sections of its kind.

            """)
        for kind in JobKindRegistry().kinds { print(kind.reference) }
    }
}
