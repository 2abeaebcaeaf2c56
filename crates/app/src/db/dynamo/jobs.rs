//! Customers and jobs.

use std::collections::BTreeMap;

use super::call::{Table, Transacted, Written};
use super::item::{Fill as _, Item, Key, REV, Reader, fresh_rev, sortable, text, time};
use super::keys;
use super::table::{FIRST_INDEX, SECOND_INDEX};
use super::write::{Query, Write};
use crate::db::{Cover, DbError, JobFilter, JobRow, Result};
use crate::domain::{
    Address, Customer, CustomerChange, CustomerId, CustomerName, Email, Job, JobChange, JobId, JobStatus,
    Phone, PhotoId, Scope, Title,
};

/// Jobs that a search looks at with each query.
const SEARCH_PAGE: usize = 500;
/// Queries of one search. It goes no further than 200,000 jobs.
const SEARCH_PAGES_MAX: usize = 400;

fn customer_item(customer: &Customer, rev: &str) -> Item {
    let mut item = keys::customer(&customer.customer_id).to_item();
    item.index(FIRST_INDEX, keys::CUSTOMERS, customer.customer_id.as_str());
    item.set(REV, text(rev));
    item.set("customer_id", text(customer.customer_id.as_str()));
    item.set("name", text(&customer.name));
    item.set_some("phone", customer.phone.as_ref().map(text));
    item.set_some("email", customer.email.as_ref().map(text));
    item.set("created_at", time(customer.created_at));
    item
}

fn read_customer(item: &Item) -> Result<Customer> {
    let read = Reader(item);
    Ok(Customer {
        customer_id: read.parsed("customer_id", CustomerId::parse)?,
        name: CustomerName::stored(read.text("name")?.to_owned()),
        phone: read.optional_owned("phone")?.map(Phone::stored),
        email: read.optional_owned("email")?.map(Email::stored),
        created_at: read.time("created_at")?,
    })
}

/// Where a job stands in the lists: by age, and by id among those of one age.
fn listed(created_at: jiff::Timestamp, job_id: &JobId) -> String {
    format!("{}#{job_id}", sortable(created_at))
}

fn job_item(job: &Job) -> Item {
    let mut item = keys::job(&job.job_id).to_item();
    item.index(FIRST_INDEX, keys::JOBS, listed(job.created_at, &job.job_id));
    item.index(SECOND_INDEX, keys::jobs_of(&job.customer_id), listed(job.created_at, &job.job_id));
    item.set("job_id", text(job.job_id.as_str()));
    item.set("customer_id", text(job.customer_id.as_str()));
    item.set("title", text(&job.title));
    item.set_some("address", job.address.as_ref().map(text));
    item.set_some("scheduled_for", job.scheduled_for.map(time));
    item.set("status", text(job.status.as_str()));
    item.set("created_at", time(job.created_at));
    item
}

fn read_job(item: &Item) -> Result<Job> {
    let read = Reader(item);
    Ok(Job {
        job_id: read.parsed("job_id", JobId::parse)?,
        customer_id: read.parsed("customer_id", CustomerId::parse)?,
        title: Title::stored(read.text("title")?.to_owned()),
        address: read.optional_owned("address")?.map(Address::stored),
        scheduled_for: read.optional_time("scheduled_for")?,
        status: read.word("status", JobStatus::parse)?,
        created_at: read.time("created_at")?,
    })
}

pub(super) async fn insert_customer(table: &Table, customer: &Customer) -> Result<()> {
    let rev = fresh_rev();
    let write = Write::put(keys::customer(&customer.customer_id), customer_item(customer, &rev)).if_absent();
    match table.write(write).await? {
        Written::Done(_) => Ok(()),
        Written::Failed(Some(there)) if Reader(&there).optional_text(REV)? == Some(&rev) => Ok(()),
        Written::Failed(_) => Err(DbError::Conflict("customer")),
    }
}

pub(super) async fn customer(table: &Table, customer_id: &CustomerId) -> Result<Option<Customer>> {
    table.get(&keys::customer(customer_id)).await?.map(|item| read_customer(&item)).transpose()
}

/// Carries out a change of an item that must be there. It sets what it would set again.
async fn change(table: &Table, key: Key, write: Write) -> Result<bool> {
    if write.is_empty() {
        return Ok(table.get(&key).await?.is_some());
    }
    Ok(matches!(table.write(write.if_present()).await?, Written::Done(_)))
}

pub(super) async fn change_customer(
    table: &Table,
    customer_id: &CustomerId,
    wish: CustomerChange,
) -> Result<bool> {
    let key = keys::customer(customer_id);
    let mut write = Write::update(key.clone());
    if let Some(name) = wish.name {
        write = write.set("name", text(name));
    }
    if let Some(phone) = wish.phone {
        write = write.set_or_remove("phone", phone.map(text));
    }
    if let Some(email) = wish.email {
        write = write.set_or_remove("email", email.map(text));
    }
    change(table, key, write).await
}

pub(super) async fn customers(
    table: &Table,
    after: Option<&CustomerId>,
    limit: usize,
) -> Result<Vec<Customer>> {
    let mut query = Query::index(FIRST_INDEX, keys::CUSTOMERS).page(limit);
    if let Some(after) = after {
        query = query.above(after.as_str());
    }
    table.items(&query, limit).await?.iter().map(read_customer).collect()
}

pub(super) async fn insert_job(table: &Table, job: &Job) -> Result<()> {
    let customer = Write::check(keys::customer(&job.customer_id)).if_present();
    let put = Write::put(keys::job(&job.job_id), job_item(job)).if_absent();
    match table.transact(vec![put, customer]).await? {
        Transacted::Done => Ok(()),
        Transacted::Failed(failed) if failed.iter().any(|(place, _)| *place == 0) => {
            Err(DbError::Conflict("job"))
        }
        Transacted::Failed(_) => Err(DbError::Missing("customer")),
    }
}

pub(super) async fn job(table: &Table, job_id: &JobId) -> Result<Option<Job>> {
    table.get(&keys::job(job_id)).await?.map(|item| read_job(&item)).transpose()
}

pub(super) async fn change_job(table: &Table, job_id: &JobId, wish: JobChange) -> Result<bool> {
    let key = keys::job(job_id);
    let mut write = Write::update(key.clone());
    if let Some(title) = wish.title {
        write = write.set("title", text(title));
    }
    if let Some(address) = wish.address {
        write = write.set_or_remove("address", address.map(text));
    }
    if let Some(scheduled_for) = wish.scheduled_for {
        write = write.set_or_remove("scheduled_for", scheduled_for.map(time));
    }
    if let Some(status) = wish.status {
        write = write.set("status", text(status.as_str()));
    }
    change(table, key, write).await
}

/// What is counted of a job's photos, and which of them stands for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) photo_count: u64,
    /// With its place among those that could: the greatest is the cover.
    pub(super) cover: Option<(String, Cover)>,
    /// As of the last writing that concerned the cover.
    pub(super) rev: Option<String>,
}

impl Tally {
    pub(super) fn read(item: Option<&Item>) -> Result<Self> {
        let Some(item) = item else { return Ok(Self::default()) };
        let read = Reader(item);
        let rank = read.optional_owned("cover_rank")?;
        let cover = rank.map(|rank| {
            let photo_id = read.parsed("cover_photo_id", PhotoId::parse)?;
            Ok::<_, DbError>((rank, Cover { photo_id, version: read.text("cover_version")?.to_owned() }))
        });
        Ok(Self {
            photo_count: read.optional_number("photo_count")?.unwrap_or_default(),
            cover: cover.transpose()?,
            rev: read.optional_owned(REV)?,
        })
    }

    /// A write that adds to the count; several at once come to their sum.
    pub(super) fn add(job_id: &JobId, count: i64) -> Write {
        Write::update(keys::tally(job_id)).add("photo_count", count)
    }

    /// A write that also sets the cover, if nothing that could concern it was written since `self` was read.
    pub(super) fn with_cover(&self, job_id: &JobId, count: i64, cover: Option<(String, Cover)>) -> Write {
        let (rank, photo_id, version) = match cover {
            Some((rank, cover)) => (Some(rank), Some(cover.photo_id), Some(cover.version)),
            None => (None, None, None),
        };
        let write = Self::add(job_id, count)
            .set_or_remove("cover_rank", rank.map(text))
            .set_or_remove("cover_photo_id", photo_id.map(|photo_id| text(photo_id.as_str())))
            .set_or_remove("cover_version", version.map(text))
            .set(REV, text(fresh_rev()));
        match &self.rev {
            Some(rev) => write.if_equal(REV, text(rev)),
            None => write.if_without(REV),
        }
    }
}

/// The customers of jobs, each read once.
#[derive(Default)]
struct Customers(BTreeMap<Key, Customer>);

impl Customers {
    /// Adds those of these jobs to what is read anyway, and keeps them.
    async fn read(&mut self, table: &Table, jobs: &[Job], others: Vec<Key>) -> Result<BTreeMap<Key, Item>> {
        let wanted = jobs.iter().map(|job| keys::customer(&job.customer_id));
        let wanted: Vec<_> = wanted.filter(|key| !self.0.contains_key(key)).collect();
        let mut items = table.get_many(wanted.iter().cloned().chain(others).collect()).await?;
        for key in wanted {
            if let Some(item) = items.remove(&key) {
                self.0.insert(key, read_customer(&item)?);
            }
        }
        Ok(items)
    }

    fn of(&self, job: &Job) -> Result<&Customer> {
        self.0.get(&keys::customer(&job.customer_id)).ok_or_else(|| {
            DbError::Broken(format!("the job {:?} has a customer that is not there", job.job_id.as_str()))
        })
    }
}

/// The jobs as the list shows them: their customers and tallies are read with one call for up to 50 of them.
async fn rows(table: &Table, jobs: Vec<Job>, mut customers: Customers) -> Result<Vec<JobRow>> {
    let tallies = jobs.iter().map(|job| keys::tally(&job.job_id)).collect();
    let items = customers.read(table, &jobs, tallies).await?;
    let row = |job: Job| {
        let tally = Tally::read(items.get(&keys::tally(&job.job_id)))?;
        let customer = customers.of(&job)?.clone();
        let cover = tally.cover.map(|(_, cover)| cover);
        Ok(JobRow { job, customer, photo_count: tally.photo_count, cover })
    };
    jobs.into_iter().map(row).collect()
}

pub(super) async fn job_row(table: &Table, job_id: &JobId) -> Result<Option<JobRow>> {
    let Some(job) = job(table, job_id).await? else { return Ok(None) };
    Ok(rows(table, vec![job], Customers::default()).await?.pop())
}

fn contains(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}

/// Whether every word stands somewhere, in any case of the letters a to z, as in SQLite.
fn says(job: &Job, customer: &Customer, words: &[String]) -> bool {
    let fields = [
        Some(job.title.as_str()),
        job.address.as_ref().map(Address::as_str),
        Some(customer.name.as_str()),
        Some(job.job_id.as_str()),
    ];
    words.iter().all(|word| fields.iter().flatten().any(|field| contains(field, word)))
}

pub(super) async fn list(table: &Table, filter: &JobFilter) -> Result<Vec<JobRow>> {
    let words: Vec<_> = filter.search.iter().map(|word| word.to_ascii_lowercase()).collect();
    let mut customers = Customers::default();
    let found = match &filter.scope {
        Scope::Job(job_id) => {
            let before = |job: &Job| {
                filter.after.as_ref().is_none_or(|(created_at, after)| {
                    listed(job.created_at, &job.job_id) < listed(*created_at, after)
                })
            };
            let matches = |job: &Job| before(job) && filter.status.is_none_or(|status| job.status == status);
            let jobs: Vec<_> = job(table, job_id).await?.filter(matches).into_iter().collect();
            let mut jobs = saying(table, jobs, &words, &mut customers).await?;
            jobs.truncate(filter.limit);
            jobs
        }
        Scope::AllJobs | Scope::Customer(_) => search(table, filter, &words, &mut customers).await?,
    };
    rows(table, found, customers).await
}

/// Those of the jobs in which all words stand.
async fn saying(
    table: &Table,
    jobs: Vec<Job>,
    words: &[String],
    customers: &mut Customers,
) -> Result<Vec<Job>> {
    if words.is_empty() {
        return Ok(jobs);
    }
    customers.read(table, &jobs, Vec::new()).await?;
    let mut found = Vec::new();
    for job in jobs {
        if says(&job, customers.of(&job)?, words) {
            found.push(job);
        }
    }
    Ok(found)
}

async fn search(
    table: &Table,
    filter: &JobFilter,
    words: &[String],
    customers: &mut Customers,
) -> Result<Vec<Job>> {
    let mut query = match &filter.scope {
        Scope::Customer(customer_id) => Query::index(SECOND_INDEX, &keys::jobs_of(customer_id)),
        Scope::AllJobs | Scope::Job(_) => Query::index(FIRST_INDEX, keys::JOBS),
    };
    let narrow = !words.is_empty() || filter.status.is_some();
    query = query.newest_first().page(if narrow { SEARCH_PAGE } else { filter.limit });
    if let Some((created_at, job_id)) = &filter.after {
        query = query.below(listed(*created_at, job_id));
    }
    if let Some(status) = filter.status {
        query = query.only_equal("status", text(status.as_str()));
    }
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..SEARCH_PAGES_MAX {
        let page = table.page(&query, after.as_ref()).await?;
        let jobs = page.items.iter().map(read_job).collect::<Result<_>>()?;
        found.extend(saying(table, jobs, words, customers).await?);
        after = page.next;
        if after.is_none() || found.len() >= filter.limit {
            found.truncate(filter.limit);
            return Ok(found);
        }
    }
    // An answer that is too short would say that there are no more.
    Err(DbError::Broken(format!("a search went through {} jobs", SEARCH_PAGE * SEARCH_PAGES_MAX)))
}
