//! Random worlds: whatever comes, goes, comes back or is restated, the rows sum to the pool and lose nothing.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::super::terms::Residual;
use super::super::super::tests::sample::map;
use super::*;

/// Nights since the one before, and what everybody's running totals are then; no messages stand for no usage line.
type Night = (i64, i64, i64, Vec<(i64, i128)>);

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let bucket = prop_oneof![2 => Just((-1_i64, 0_i128)), 5 => (0_i64..1_000, -50_i128..1_000)];
    let night =
        (1_i64..5, 0_i64..100, prop_oneof![3 => 0_i64..50, 1 => 50_i64..2_000], prop::collection::vec(bucket, 6));
    prop::collection::vec(night, 1..12)
}

fn readings(nights: &[Night]) -> Vec<Reading> {
    let mut at = october().start - TimeDelta::minutes(15);
    let reading = |(wait, parent, removed, buckets): &Night| {
        at += TimeDelta::days(*wait);
        let line = |(number, (messages, cost)): (u128, &(i64, i128))| {
            (*messages >= 0).then_some((id(number), Figures { messages: *messages, cost: *cost }))
        };
        let accounts = (1..).zip(buckets).filter_map(line).collect();
        let head =
            Head { id: at.to_rfc3339().into(), at, period: october(), currency: Currency::parse("eur").unwrap() };
        Reading::new(head, figures(*parent), figures(*removed), accounts).unwrap()
    };
    nights.iter().map(reading).collect()
}

fn sum(slice: &Slice) -> Figures {
    slice.rows().fold(Figures::default(), |sum, (_, figures)| sum + figures)
}

fn all(history: &History) -> Figures {
    history.slices.iter().fold(Figures::default(), |all, slice| all + sum(slice))
}

proptest! {
    #[test]
    fn rows_sum_to_the_pool_on_every_day(nights in nights(), keep in any::<bool>(), dated in any::<bool>()) {
        let readings = readings(&nights);
        let residual = if keep { Residual::Keep } else { Residual::Rate };
        let customers = dated.then(|| {
            let rows = [(1, "x", "", "2026-10-08"), (1, "y", "2026-10-09", ""), (2, "y", "2026-10-05", "2026-10-14"), (3, "z", "", "")];
            map(&rows)
        });
        let terms = Terms { customers, residual, ..Terms::default() };
        let pool = history(By::Pool, false, &readings, &terms);
        for by in [By::Account, By::Customer] {
            let apart = history(by, false, &readings, &terms);
            prop_assert_eq!(apart.slices.len(), pool.slices.len());
            for (apart, pool) in apart.slices.iter().zip(&pool.slices) {
                prop_assert_eq!((apart.days, sum(apart)), (pool.days, sum(pool)));
            }
        }
        // everything together is what the last capture shows
        let last = readings.last().unwrap();
        let total = last.accounts.iter().fold(last.parent + last.removed, |sum, (_, figures)| sum + *figures);
        prop_assert_eq!(all(&pool), total);
    }

    #[test]
    fn evened_out_rows_sum_to_the_same(nights in nights()) {
        let readings = readings(&nights);
        let terms = Terms::default();
        let (usual, even) = (history(By::Account, false, &readings, &terms), history(By::Account, true, &readings, &terms));
        prop_assert_eq!(all(&even), all(&usual));
        let is_one_day = |slice: &Slice| slice.days.count() == 1 || slice.state == State::Unseen;
        prop_assert!(even.slices.iter().all(is_one_day));
        for pair in even.slices.windows(2) {
            prop_assert!(pair[0].days.last < pair[1].days.first || pair[1].state == State::Unseen);
        }
    }

    #[test]
    fn the_list_is_asked_wherever_it_matters(
        is_at_start in any::<bool>(),
        nights in prop::collection::vec((0_i64..60, prop::collection::vec((-1_i64..3, any::<bool>()), 5)), 2..8),
        keep in any::<bool>(),
    ) {
        let residual = if keep { Residual::Keep } else { Residual::Rate };
        let terms = Terms { residual, ..Terms::default() };
        let usual: Vec<Night> = nights
            .iter()
            .map(|(removed, buckets)| (1, 0, *removed, buckets.iter().map(|(messages, _)| (*messages * 7, 0)).collect()))
            .collect();
        let listed = |reading: &Reading, night: usize| {
            let listed = (1..).zip(&nights[night].1).filter(|(_, (_, is_listed))| *is_listed).map(|(number, _)| id(number));
            Reading { idle: Some(listed.filter(|id| !reading.has(*id)).collect()), ..reading.clone() }
        };
        let told = |is_asked: &dyn Fn(&Fold<'_>, &Reading) -> bool| {
            let mut fold = Fold::new(By::Account, october_scope(), false, id(99), &terms);
            let mut readings = readings(&usual);
            // a first capture in the very second in which the period begins knows no rates
            if is_at_start {
                readings[0].at = october().start;
            }
            for (night, reading) in readings.iter().enumerate() {
                let reading = if is_asked(&fold, reading) { listed(reading, night) } else { reading.clone() };
                fold.see(&reading).unwrap();
            }
            fold.finish(true).unwrap()
        };
        prop_assert_eq!(told(&|fold, reading| fold.is_in_doubt(reading)), told(&|_, _| true));
    }
}
