//! The functions that a large parent account spends its time in, each on its own: `cargo bench --bench core`.
//!
//! Whole processes, beside other tools, are measured by `just bench`.

use std::fmt::Write;
use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use subledger::ahasend::wire::{self, Bodies};
use subledger::billing::books::{Books, CaptureRef};
use subledger::billing::dust::Dust;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::{Amount, Exact, Minor};
use subledger::billing::past::Past;
use subledger::billing::shares::Division;
use subledger::billing::terms::Terms;
use subledger::report::format::{Format, Formats, Part};
use subledger::report::{SetInfo, render, usage_parquet};
use subledger::sha256;
use uuid::Uuid;

/// Sub accounts of a parent account: small, and large.
const SIZES: [usize; 2] = [1_000, 100_000];
const PARENT: Uuid = Uuid::from_u128(0x4c91);

fn main() {
    divan::main();
}

/// The answers about so many sub accounts: usage, and pages of a hundred.
struct Answers {
    usage: String,
    pages: Vec<String>,
}

impl Answers {
    /// Log-normal volumes of a price of 0.40 for a thousand, the costs in whole cents as shares with every digit of a double.
    fn of(count: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let messages: Vec<i64> = (0..count).map(|_| i64::from(random.u32(..)) >> random.u32(12..30)).collect();
        let total: i64 = messages.iter().sum();
        let cents = total / 25 + 1;
        let mut lines = String::new();
        let mut pages = vec![String::new(); count.div_ceil(100)];
        for (place, messages) in messages.iter().enumerate() {
            let id = Uuid::from_u64_pair(random.u64(..), random.u64(..));
            let comma = if place == 0 { "" } else { "," };
            let cost = share(*messages, total, cents);
            let (name, credit) = (format!("Customer {place} Ltd"), random.i64(0..4) * 1_000);
            let line = format!(
                r#"{comma}{{"account_id":"{id}","name":"{name}","reception_count":{messages},"allocated_cost":{cost}}}"#
            );
            lines.push_str(&line);
            let page = &mut pages[place / 100];
            let comma = if page.is_empty() { "" } else { "," };
            let entry = format!(
                r#"{comma}{{"object":"sub_account","id":"{id}","parent_account_id":"{PARENT}","name":"{name}","website":"c{place}.example.com","status":"active","monthly_credit":{credit},"created_at":"2025-03-01T08:00:00Z","domain_count":1,"member_count":2,"last_activity_at":null}}"#
            );
            page.push_str(&entry);
        }
        let mut usage = String::new();
        let bucket = |messages: i64| {
            format!(r#""reception_count":{messages},"allocated_cost":{}"#, share(messages, total, cents))
        };
        write!(
            usage,
            r#"{{"billing_period":{{"start":"2026-10-01T00:00:00Z","end":"2026-11-01T00:00:00Z"}},"currency":"usd","allocation_method":"proportional","parent":{{"account_id":"{PARENT}",{}}},"sub_accounts":[{lines}],"removed_sub_accounts":{{{}}},"total":{{{}}}}}"#,
            bucket(0),
            bucket(0),
            bucket(total),
        )
        .expect("a text takes it");
        let listed = |page: String| format!(r#"{{"object":"list","data":[{page}],"pagination":{{"has_more":false}}}}"#);
        Self { usage, pages: pages.into_iter().map(listed).collect() }
    }

    fn bodies(&self) -> Bodies<'_> {
        let pages = self.pages.iter().map(String::as_bytes).collect();
        Bodies { usage: self.usage.as_bytes(), pages, lookups: Vec::new() }
    }

    fn bytes(&self) -> usize {
        self.usage.len() + self.pages.iter().map(String::len).sum::<usize>()
    }

    fn books(&self) -> Books {
        let at = "2026-10-31T23:45:00Z".parse().expect("a time");
        let capture = CaptureRef { id: "20261031T234500Z".into(), at, sha256: sha256::hex(b"manifest") };
        wire::books(capture, PARENT, &self.bodies()).expect("answers as the API gives them")
    }
}

/// A share with fifteen decimals, by integers.
fn share(messages: i64, total: i64, cents: i64) -> String {
    let share = i128::from(cents) * i128::from(messages) * 10_i128.pow(13) / i128::from(total.max(1));
    let (whole, fraction) = (share / 10_i128.pow(15), share % 10_i128.pow(15));
    format!("{whole}.{fraction:0>15}")
}

#[divan::bench]
fn amounts(bencher: Bencher<'_, '_>) {
    let text = "12.345678901234567";
    bencher.counter(ItemsCount::new(1_u32)).bench(|| Amount::parse(black_box(text)));
}

#[divan::bench]
fn exact_digits(bencher: Bencher<'_, '_>) {
    let amount = Amount::parse("12.345678901234567").expect("an amount").exact();
    bencher.counter(ItemsCount::new(1_u32)).bench(|| black_box(amount).to_string());
}

#[divan::bench(args = SIZES)]
fn shares(bencher: Bencher<'_, '_>, count: usize) {
    let weights: Vec<Exact> = Answers::of(count).books().parts().map(|tally| tally.cost.exact()).collect();
    let whole = Minor(1_234_567);
    bencher.counter(ItemsCount::new(count)).bench(|| Division::by(whole, weights.clone(), |a, b| a.cmp(&b)));
}

#[divan::bench(args = SIZES)]
fn hash(bencher: Bencher<'_, '_>, count: usize) {
    let answers = Answers::of(count);
    bencher.counter(BytesCount::new(answers.usage.len())).bench(|| sha256::hex(answers.usage.as_bytes()));
}

#[divan::bench(args = SIZES)]
fn read_answers(bencher: Bencher<'_, '_>, count: usize) {
    let answers = Answers::of(count);
    bencher.counter(BytesCount::new(answers.bytes())).bench(|| answers.books());
}

#[divan::bench(args = SIZES)]
fn derive_dust(bencher: Bencher<'_, '_>, count: usize) {
    let books = Answers::of(count).books();
    bencher.counter(ItemsCount::new(count)).bench(|| Dust::of(&books, Exact::ZERO));
}

#[divan::bench(args = SIZES)]
fn draw_up(bencher: Bencher<'_, '_>, count: usize) {
    let books = Answers::of(count).books();
    let inputs = || (Past::default(), books.clone(), Terms::default());
    let drawn_up = |(past, books, terms)| Ledger::draw_up(past, books, terms);
    bencher.counter(ItemsCount::new(count)).with_inputs(inputs).bench_values(drawn_up);
}

#[divan::bench(args = SIZES)]
fn render_tables(bencher: Bencher<'_, '_>, count: usize) {
    let ledger = Ledger::draw_up(Past::default(), Answers::of(count).books(), Terms::default());
    let mut info = SetInfo::new("bench", "bench");
    info.formats = Formats::new([Format::Parquet], []).without(Part::ALL);
    let mut bytes = 0;
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        render(&ledger, &info, &mut |_, file| {
            bytes += file.len();
            Ok(())
        })
    });
}

#[divan::bench(args = SIZES)]
fn table_of_a_capture(bencher: Bencher<'_, '_>, count: usize) {
    let books = Answers::of(count).books();
    bencher.counter(ItemsCount::new(count)).bench(|| usage_parquet(&books));
}
